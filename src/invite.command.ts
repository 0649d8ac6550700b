import { createInvitation } from './accounts/invitation.ts';
import { readConfig } from './config.ts';
import { openKeys } from './platform/keys.ts';

/** tsx src/invite.command.ts EMAIL: prints an invitation for REGISTRATION=invite, signed as this gateway's tokens are. */

const email = process.argv[2] ?? '';
if (!/^[^\s@]+@[^\s@]+$/.test(email)) {
  console.error('Whom? tsx src/invite.command.ts ada@example.org');
  process.exit(2);
}
try {
  console.log(createInvitation(email, openKeys(readConfig()).jwtSecret));
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
