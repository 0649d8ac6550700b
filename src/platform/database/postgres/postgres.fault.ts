/** The advice for a database that cannot be opened, by the error code of the system or of PostgreSQL (appendix A). */
const ADVICE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'correct the host: there is none of that name',
  EAI_AGAIN: 'correct the host, or the name server: the name cannot be looked up',
  ECONNREFUSED: 'start PostgreSQL there, or correct host and port: nothing listens',
  ECONNRESET: 'correct host and port: what listens there hung up',
  ENETUNREACH: 'correct the host, or the network: there is no way to it',
  EHOSTUNREACH: 'correct the host, or the network: there is no way to it',
  ETIMEDOUT: 'correct the host, or the firewall before it: nothing answers',
  '28P01': 'correct user and password; special characters in them are percent-encoded',
  '28000': 'correct the user, or pg_hba.conf on the server',
  '3D000': 'create it, or correct the name',
  '42501': 'grant the user its rights on the database',
  '53300': 'the server takes no more connections: end some, or raise max_connections',
  '57P03': 'the server is still starting: try again',
};

/** Explains in one line, without the password, why the database cannot be opened. */
export function explainOpening(error: unknown, url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const { code = '', message } = error as { code?: string; message?: string };
  const where = `the database ${pathname.slice(1)} at ${hostname || searchParams.get('host')}:${port || 5432}`;
  const said = (message || code || 'no answer').split('\n')[0];
  return `DATABASE_URL: ${where} cannot be opened (${said}); ${ADVICE[code] ?? adviceFor(message ?? '')}`;
}

/** Returns the advice for errors of pg itself, which have no code. */
function adviceFor(message: string): string {
  if (/timeout|timed out/i.test(message)) return ADVICE.ETIMEDOUT as string;
  if (/too many (connections|clients)/i.test(message)) return ADVICE['53300'] as string;
  if (/password/i.test(message)) return ADVICE['28P01'] as string;
  if (/SSL|TLS|certificate/i.test(message)) return 'correct sslmode in its query, or the certificate of the server';
  return 'correct the URL, or the server, and start again';
}

/**
 * Explains a failed migration in one line. The message of the schema engine has many lines, of which the first are for
 * people.
 */
export function explainMigrating(error: unknown): string {
  const text = (error as Error).message.split(/\n\s*0: /)[0] ?? '';
  const said = text
    .replace(/^ERROR: |Read more about .*/gs, '')
    .replace(/\s+/g, ' ')
    .trim();
  return `DATABASE_URL: the tables cannot be made in the database (${said}); ${migratingAdvice(said)}`;
}

function migratingAdvice(said: string): string {
  // Since PostgreSQL 15 only the owner of a database may create tables in it.
  if (/permission denied/i.test(said))
    return 'make the user the owner of the database, or grant it CREATE on the schema';
  if (/schema is not empty/i.test(said)) return 'name one that is empty: it holds the tables of something else';
  if (/not initialized|no schema has been selected/i.test(said))
    return 'correct its search_path, which names no schema';
  return adviceFor(said);
}
