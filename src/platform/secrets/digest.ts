import { createHash, timingSafeEqual } from 'node:crypto';

/** The SHA-256 of a text in base64url, by which a random secret can be stored and found without being known. */
export const sha256 = (text: string): string => digest(text).toString('base64url');

/** Compares two secrets. It takes the same time wherever they differ, so that the time tells nothing about them. */
export const isSameSecret = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
