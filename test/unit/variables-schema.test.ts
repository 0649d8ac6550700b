import { expect, it } from 'vitest';
import { acceptWhatGraphqlDoes } from '../../src/server/graphiql/editor/variables.schema.ts';

const variables = (names: readonly string[]) => ({
  required: names,
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
});

it('requires no field and no variable that has a default', () => {
  const input = {
    required: ['key', 'undoSeconds', 'quote'],
    properties: { key: { type: 'string' }, undoSeconds: { type: 'number', default: 0 }, quote: { default: false } },
  };
  const schema = { ...variables(['input', 'first']), definitions: { SendInput: input } };
  const lenient = acceptWhatGraphqlDoes(schema, 'query ($input: SendInput!, $first: Int! = 20) { viewer { id } }');
  expect(lenient.required).toEqual(['input']);
  expect(lenient.definitions?.SendInput?.required).toEqual(['key']);
});

it('requires none that only another operation of the tab uses', () => {
  const text = 'mutation A($input: I!, $id: ID!) { a } mutation B($id: ID!) { b }';
  expect(acceptWhatGraphqlDoes(variables(['input', 'id']), text).required).toEqual(['id']);
});

it('accepts one value for a list of it', () => {
  const list = { type: ['array', 'null'], items: { type: 'string' } };
  const schema = { properties: { ids: list }, definitions: { MessagesInput: { properties: { ids: list } } } };
  const either = { anyOf: [list, { type: 'string' }] };
  const lenient = acceptWhatGraphqlDoes(schema, 'query ($ids: [ID!]) { viewer { id } }');
  expect(lenient.properties?.ids).toEqual(either);
  expect(lenient.definitions?.MessagesInput?.properties?.ids).toEqual(either);
});
