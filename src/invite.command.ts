import { createInvitation } from './accounts/users/invitation.ts';
import { readConfig } from './config.ts';
import { loadEnvFile } from './env-file.ts';
import { openKeys } from './platform/secrets/keys.ts';

/**
 * node dist/invite.command.js EMAIL prints an invitation. It needs the settings of the gateway, whose tokens are signed
 * with the same key. Otherwise it would be signed with a key of this directory, and no gateway would accept it.
 */

const email = process.argv[2] ?? '';
if (!/^[^\s@]+@[^\s@]+$/.test(email)) {
  console.error('Usage: node dist/invite.command.js ada@example.org');
  process.exit(2);
}
try {
  loadEnvFile();
  const config = readConfig();
  if (config.registration !== 'invite') {
    throw new Error(
      `REGISTRATION: ${config.registration}, which uses no invitations; run this with the settings of the gateway ` +
        '(its environment, or its .env in this directory), among them REGISTRATION=invite',
    );
  }
  console.log(createInvitation(email, openKeys(config).jwtSecret));
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
