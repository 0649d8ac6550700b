import { isObjectType } from 'graphql';
import { expect, it } from 'vitest';
import { countCharacters } from '../../src/graphql/operation/limits/answer-counter.ts';
import { countLists } from '../../src/graphql/operation/limits/list-counter.ts';
import { bareSchema } from '../support/schema/schema.ts';

/** Why the answers with these fields are not dated. A new field with a resolver is declared with `Dated`, or is added here. */
const UNDATED: Readonly<Record<string, readonly string[]>> = {
  'Drafts are compared with their revisions, so they are always read from the provider.': [
    'Draft.integration',
    'Draft.message',
    'Integration.drafts',
  ],
  'It shows how long ago something happened, or how far a log has been read.': [
    'Integration.changes',
    'Integration.sync',
    'Viewer.changes',
    'Viewer.sync',
  ],
  'It asks the domain name system.': ['Query.discover'],
  'A flow ends with time.': [
    'ConnectFlow.instructions',
    'ConnectFlow.integration',
    'ConnectFlow.provider',
    'Viewer.connectFlows',
  ],
};
/** Fields of events and of mutations, which are no part of a query. */
const ROOTS = /^(?:Mutation|Subscription)\./;

it('every field with a resolver notes what it reads, or has a reason why it does not', () => {
  const schema = bareSchema();
  // These give fields a resolver as the schema of a gateway has it.
  countLists(schema, 1);
  countCharacters(schema, 1);
  const undated = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
    .flatMap((type) =>
      Object.values(isObjectType(type) ? type.getFields() : {})
        .filter(({ resolve, extensions }) => resolve && extensions.dated !== true)
        .map(({ name }) => `${type.name}.${name}`),
    );
  const known = Object.values(UNDATED).flat();
  expect(undated.filter((field) => !ROOTS.test(field)).sort()).toEqual(known.sort());
});
