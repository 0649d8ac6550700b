import type { Person } from '../mail.ts';

/** The senders of the built-in mail. Their domains are reserved names, which nobody can own. */
const person = (name: string, address: string): Person => ({ name, address });

export const ADA = person('Ada Okafor', 'ada.okafor@northwind.example');
export const BEN = person('Ben Lindqvist', 'ben@northwind.example');
export const CARLA = person('Carla Méndez', 'carla.mendez@northwind.example');
export const DIETER = person('Dieter Vogel', 'd.vogel@northwind.example');
export const ELENA = person('Елена Соколова', 'elena@sokolova.example');
export const FARID = person('Farid Haddad', 'farid.haddad@atlas.example');
export const GRACE = person('Grace Liu', 'grace.liu@atlas.example');
export const HIROSHI = person('田中 浩', 'tanaka@kaisha.example');
export const IMANE = person('إيمان بن علي', 'imane@maktaba.example');
export const JO = person('Jo Whitaker', 'jo.whitaker@mail.example');
export const KOFI = person('Kofi Mensah', 'kofi.mensah@mail.example');
export const LEA = person('Léa Fontaine', 'lea.fontaine@mail.example');
export const MUM = person('Ruth Postern', 'ruth@family.example');
export const NEIGHBOUR = person("Sam O'Hara (No. 12)", 'sam.ohara@mail.example');

export const BAKERY = person('Hearth & Crumb', 'hello@hearthandcrumb.example');
export const BANK = person('Meridian Bank', 'no-reply@meridianbank.example');
export const BOOKS = person('The Quiet Page', 'letters@quietpage.example');
export const BUILDS = person('Northwind CI', 'builds@ci.northwind.example');
export const CLINIC = person('Elm Street Dental', 'reception@elmdental.example');
export const DIGEST = person('Systems Weekly', 'digest@systemsweekly.example');
export const HR = person('People Team', 'people@northwind.example');
export const LIBRARY = person('City Library', 'notices@library.example');
export const PHOTOS = person('Fieldbook', 'share@fieldbook.example');
export const RAIL = person('Transrail', 'tickets@transrail.example');
export const SHOP = person('Kettle Supply Co.', 'orders@kettlesupply.example');
export const SPAM = person('CONGRATULATIONS', 'winner@prize-office.example');
export const TICKETS = person('Northwind Support', 'support@northwind.example');
export const TRACKER = person('Atlas Tracker', 'notifications@tracker.atlas.example');
