import { authorizationCode } from './authorization-code/authorization-code.ts';
import type { ConnectMethodEntry } from './connect-method.ts';
import { password } from './password.ts';

/** Every way to connect an account. A new way needs one line here. */
export const CONNECT_METHODS: readonly ConnectMethodEntry[] = [authorizationCode, password];
