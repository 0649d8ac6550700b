import type { FastifyError, FastifyPluginAsync } from 'fastify';
import type { Side } from '../mail/content/catalogue.ts';
import { twinOf } from '../twins.ts';
import type { ChangeReporting, Emulator, Fault, RequestLog, SearchIndex, Sending, Vendor } from '../world.ts';
import { mailOf } from './deliver.ts';
import type { FaultList } from './faults.ts';
import { GUIDE } from './guide.ts';
import * as input from './input.ts';
import { ControlError, parseInput } from './input.ts';
import { selectRecords, totalsOf } from './log.ts';
import { named } from './named.ts';

interface ControlOptions {
  readonly emulators: readonly Emulator[];
  readonly log: RequestLog;
  readonly faults: FaultList;
  readonly now: () => Date;
  /** Prints failures of the sandbox itself. */
  readonly print: (line: string) => void;
  /** Creates an account and fills it with built-in mail. */
  readonly addAccount: (account: MadeAccount) => void;
}

/** An account that was created through the control API. */
export interface MadeAccount {
  readonly vendor: Vendor;
  readonly address: string;
  readonly name: string;
  readonly side: Side;
  readonly messages: number;
}

/**
 * The control API, by which a tester changes the sandbox from outside. It takes and returns JSON, and GET / returns its manual.
 * Answers are indented, because people read them in a terminal.
 */
export function controlPlugin(options: ControlOptions): FastifyPluginAsync {
  const { emulators, log, faults, now } = options;
  const emulatorOf = (vendor: Vendor): Emulator => {
    const found = emulators.find((one) => one.vendor === vendor);
    if (!found) throw new ControlError(`vendor: this sandbox does not emulate ${vendor}`);
    return found;
  };
  const accountsOf = (asked: { vendor: Vendor; account?: string | undefined }): readonly string[] => {
    const known = emulatorOf(asked.vendor).accounts();
    if (asked.account === undefined) return known;
    const wanted = asked.account.toLowerCase();
    const found = known.find((account) => account.toLowerCase() === wanted);
    if (found) return [found];
    throw new ControlError(
      `account: ${asked.vendor} has no account ${asked.account}; its accounts are ${known.join(', ') || 'none'}`,
    );
  };
  const accountOf = (asked: { vendor: Vendor; account?: string | undefined }): string => {
    const [account] = accountsOf(asked);
    if (account === undefined)
      throw new ControlError(`vendor: ${asked.vendor} has no account; create one with POST /control/accounts`);
    return account;
  };
  const onAccounts = (body: unknown, act: (emulator: Emulator, account: string) => void) => {
    const asked = parseInput(input.target, body);
    const accounts = accountsOf(asked);
    for (const account of accounts) act(emulatorOf(asked.vendor), account);
    return { accounts };
  };

  return async (app) => {
    // Some clients send a content type with every request, even with a DELETE that has no body.
    const parseJson = app.getDefaultJsonParser('error', 'error');
    app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) =>
      body === '' ? done(null, undefined) : parseJson(request, body, done),
    );
    app.setReplySerializer(indented);
    app.setErrorHandler((error: FastifyError, _request, reply) => {
      const status = error instanceof ControlError ? 400 : (error.statusCode ?? 500);
      const message = status < 500 ? error.message : 'The sandbox itself failed. See its console for the cause.';
      if (status >= 500) options.print(`control: ${error.stack ?? error.message}`);
      return reply.code(status).send({ error: message });
    });
    app.setNotFoundHandler((_request, reply) =>
      reply.code(404).serializer(indented).send({ error: 'There is no such call. GET /control lists all calls.' }),
    );

    app.get('/', async () => GUIDE);

    app.post('/deliver', async (request) => {
      const asked = parseInput(input.delivery, request.body);
      const account = accountOf(asked);
      const mail = mailOf(asked, account, now());
      return { id: emulatorOf(asked.vendor).deliver(account, mail), internetMessageId: mail.envelope.messageId };
    });

    app.get('/accounts', async () =>
      emulators.flatMap((emulator) => emulator.accounts().map((address) => ({ vendor: emulator.vendor, address }))),
    );
    app.post('/accounts', async (request, reply) => {
      const { vendor, address, name = address, messages, side } = parseInput(input.newAccount, request.body);
      const emulator = emulatorOf(vendor);
      if (emulator.accounts().some((known) => known.toLowerCase() === address.toLowerCase())) {
        throw new ControlError(`address: ${vendor} already has the account ${address}; choose another address`);
      }
      options.addAccount({ vendor, address, name, side: side ?? twinOf(vendor).side, messages });
      return reply.code(201).send({ vendor, address });
    });

    app.get('/faults', async () => faults.list());
    app.post('/faults', async (request, reply) => {
      const fault = named(parseInput(input.fault, request.body) as Fault);
      return reply.code(201).send({ id: faults.add(fault) });
    });
    app.delete('/faults', async () => {
      faults.clear();
      return { cleared: true };
    });
    app.delete<{ Params: { id: string } }>('/faults/:id', async (request) => {
      if (!faults.remove(Number(request.params.id)))
        throw new ControlError('id: there is no such fault; GET /control/faults lists all faults');
      return { cleared: true };
    });

    app.post('/expire-tokens', async (request) => onAccounts(request.body, (e, account) => e.expireTokens(account)));
    app.post('/refuse-tokens', async (request) => {
      const { areRefused, ...asked } = parseInput(input.tokens, request.body);
      const accounts = accountsOf(asked);
      for (const account of accounts) emulatorOf(asked.vendor).refuseTokens(account, areRefused);
      return { accounts, areRefused };
    });
    app.post('/revoke', async (request) => onAccounts(request.body, (e, account) => e.revoke(account)));
    app.post('/expire-history', async (request) => onAccounts(request.body, (e, account) => e.expireHistory(account)));
    app.post('/spoil-changes', async (request) => {
      const { next, as, isNotified, ...asked } = parseInput(input.spoilChanges, request.body);
      const accounts = accountsOf(asked);
      for (const account of accounts) emulatorOf(asked.vendor).spoilChanges(account, { next, as, isNotified });
      return { accounts, next, as, isNotified };
    });
    app.post('/drop-watches', async (request) => onAccounts(request.body, (e, account) => e.dropWatches(account)));
    app.post('/silence-watches', async (request) =>
      onAccounts(request.body, (e, account) => e.silenceWatches(account)),
    );
    app.post('/duplicates', async (request) => {
      const { duplicates, ...asked } = parseInput(input.duplicates, request.body);
      const emulator = emulatorOf(asked.vendor);
      if (!emulator.setDuplicates)
        throw new ControlError(`vendor: ${asked.vendor} has one watch per mailbox, so that it has no duplicates`);
      const accounts = accountsOf(asked);
      for (const account of accounts) emulator.setDuplicates(account, duplicates);
      return { accounts, duplicates };
    });
    app.post('/search-lag', async (request) => {
      const { seconds, ...asked } = parseInput(input.searchLag, request.body);
      const accounts = accountsOf(asked);
      for (const account of accounts) emulatorOf(asked.vendor).setSearchLag(account, seconds);
      return { accounts, seconds };
    });
    app.post('/search-index', async (request) => {
      const { vendor, account, ...index } = parseInput(input.searchIndex, request.body);
      const open: Readonly<Record<string, readonly string[]>> = twinOf(vendor).searchWays;
      for (const [way, value] of Object.entries(index)) {
        const values = open[way];
        if (!values) throw new ControlError(`${way}: cannot be set at ${vendor}; set ${Object.keys(open).join(', ')}`);
        if (!values.includes(value as string))
          throw new ControlError(`${way}: must be one of ${values.join(', ')} at ${vendor}`);
      }
      const accounts = accountsOf({ vendor, account });
      for (const one of accounts) emulatorOf(vendor).setSearchIndex(one, index as Partial<SearchIndex>);
      return { accounts, ...index };
    });
    app.post('/sending', async (request) => {
      const { vendor, account, ...asked } = parseInput(input.sending, request.body);
      const accounts = accountsOf({ vendor, account });
      for (const one of accounts) {
        if (!emulatorOf(vendor).setSending(one, asked as Sending))
          throw new ControlError(
            `${Object.keys(asked).join(', ')}: ${vendor} does not have all of these settings; GET /control says which it has`,
          );
      }
      return { accounts, ...asked };
    });
    app.post('/replica-lag', async (request) => {
      const { seconds, at, ...asked } = parseInput(input.replicaLag, request.body);
      const emulator = emulatorOf(asked.vendor);
      if (!emulator.setReplicaLag) throw new ControlError(`vendor: ${asked.vendor} has no replicas that lag behind`);
      const accounts = accountsOf(asked);
      for (const account of accounts) emulator.setReplicaLag(account, seconds, at);
      return { accounts, seconds, at };
    });
    app.post('/headers', async (request) => {
      const { spelling, ...asked } = parseInput(input.headers, request.body);
      const emulator = emulatorOf(asked.vendor);
      if (!emulator.setHeaders) throw new ControlError(`vendor: ${asked.vendor} lists headers in one way only`);
      const accounts = accountsOf(asked);
      for (const account of accounts) emulator.setHeaders(account, spelling);
      return { accounts, spelling };
    });
    app.post('/changes', async (request) => {
      const { vendor, account, ...changeReporting } = parseInput(input.changes, request.body);
      const emulator = emulatorOf(vendor);
      if (!emulator.setChangeReporting) throw new ControlError(`vendor: ${vendor} reports changes in one way only`);
      const accounts = accountsOf({ vendor, account });
      for (const one of accounts) emulator.setChangeReporting(one, changeReporting as Partial<ChangeReporting>);
      return { accounts, ...changeReporting };
    });
    app.post('/limits', async (request) => {
      const { maxMessageBytes, batchWidth, ...asked } = parseInput(input.limits, request.body);
      const { vendor } = asked;
      const emulator = emulatorOf(vendor);
      if (maxMessageBytes !== undefined && !emulator.setMessageLimit)
        throw new ControlError(`maxMessageBytes: cannot be set at ${vendor}, whose limit is the same for all accounts`);
      if (batchWidth !== undefined && !emulator.setBatchWidth)
        throw new ControlError(`batchWidth: cannot be set at ${vendor}, whose batches have no such limit`);
      const accounts = accountsOf(asked);
      for (const account of accounts) {
        if (maxMessageBytes !== undefined) emulator.setMessageLimit?.(account, maxMessageBytes);
        if (batchWidth !== undefined) emulator.setBatchWidth?.(account, batchWidth);
      }
      return { accounts, maxMessageBytes, batchWidth };
    });
    app.post('/threading', async (request) => {
      const { subjects, ...asked } = parseInput(input.threading, request.body);
      const emulator = emulatorOf(asked.vendor);
      if (!emulator.setSubjectThreads) throw new ControlError(`vendor: ${asked.vendor} joins threads in one way only`);
      const accounts = accountsOf(asked);
      for (const account of accounts) emulator.setSubjectThreads(account, subjects);
      return { accounts, subjects };
    });
    app.post('/sign-in', async (request) => {
      const { refusal, at, ...asked } = parseInput(input.signIn, request.body);
      const emulator = emulatorOf(asked.vendor);
      if (!emulator.refuseSignIn) throw new ControlError(`vendor: ${asked.vendor} has no sign-in page`);
      if (refusal !== null) requireOneOf('refusal', refusal, twinOf(asked.vendor).signInRefusals);
      const accounts = accountsOf(asked);
      for (const account of accounts) emulator.refuseSignIn(account, refusal, at);
      return { accounts, refusal, at };
    });
    app.post('/mailbox', async (request) => {
      const { refusal, ...asked } = parseInput(input.mailbox, request.body);
      const emulator = emulatorOf(asked.vendor);
      if (!emulator.refuseMailbox)
        throw new ControlError(`vendor: every account of ${asked.vendor} has a mailbox, and no call can remove it`);
      if (refusal !== null) requireOneOf('refusal', refusal, twinOf(asked.vendor).mailboxRefusals);
      const accounts = accountsOf(asked);
      for (const account of accounts) emulator.refuseMailbox(account, refusal);
      return { accounts, refusal };
    });
    app.post('/touch', async (request) => {
      const { id, change, ...asked } = parseInput(input.touch, request.body);
      const account = accountOf(asked);
      if (
        !emulatorOf(asked.vendor)
          .dump(account)
          .some((message) => message.id === id)
      ) {
        throw new ControlError(`id: ${account} has no message ${id}; GET /control/dump lists its messages`);
      }
      emulatorOf(asked.vendor).touch(account, id, change);
      return { id, change };
    });

    app.get('/log', async (request) => {
      const { limit, ...by } = parseInput(input.logQuery, request.query);
      const records = selectRecords(log.all(), by);
      return { totals: totalsOf(records), records: limit === 0 ? [] : records.slice(-limit) };
    });
    app.delete('/log', async () => {
      log.clear();
      return { cleared: true };
    });
    app.get('/dump', async (request) => {
      const asked = parseInput(input.target, request.query);
      return emulatorOf(asked.vendor).dump(accountOf(asked));
    });
  };
}

const indented = (answer: unknown): string => `${JSON.stringify(answer, null, 2)}\n`;

function requireOneOf(field: string, value: string, known: readonly string[]): void {
  if (!known.includes(value))
    throw new ControlError(`${field}: must be one of ${known.join(', ')}, or null for no refusal`);
}
