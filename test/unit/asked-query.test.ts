import { expect, it } from 'vitest';
import { AskedQueries } from '../../src/server/answers/asked-query.ts';

const asked = new AskedQueries();
const post = (variables: string) =>
  asked.of({
    method: 'POST',
    url: '/graphql',
    headers: {},
    body: { query: 'query ($n: Float, $m: Float) { a(n: $n, m: $m) }', variables: JSON.parse(variables) },
  })?.digest ?? null;
const get = (search: string, method = 'GET') =>
  asked.of({ method, url: `/graphql?${search}`, headers: {}, body: undefined })?.digest ?? null;

it('variables that are equal as JSON are one question, in whichever order their members are', () => {
  expect(post('{"n": 1, "m": 2.0}')).toBe(post('{"m": 2, "n": 1}'));
  expect(post('{"n": 1}')).not.toBe(post('{"n": 2}'));
  expect(post('{"n": 1e3}')).toBe(post('{"n": 1000}'));
});

it.each(['{"n": 1e400}', '{"n": -1e400}', '{"n": [1, {"of": 1e999}]}', '{"n": -0}', '{"n": -0.0}'])(
  'a number that JSON cannot write as it was read is no question that is kept: %s',
  (variables) => {
    expect(post(variables)).toBeNull();
    expect(post('{"n": null}')).not.toBeNull();
  },
);

it('a question in a URL is the same as in a body, by GET and by HEAD', () => {
  const query = encodeURIComponent('query ($n: Float, $m: Float) { a(n: $n, m: $m) }');
  expect(get(`query=${query}&variables={"n":1}`)).toBe(post('{"n": 1}'));
  expect(get(`query=${query}&variables={"n":1}`, 'HEAD')).toBe(post('{"n": 1}'));
  expect(get(`query=${query}`, 'PUT')).toBeNull();
});

it.each([
  'query={a}&query={a}',
  'query={a}&variables={',
  'query={a}&variables=null',
  'query={a}&extensions=[]',
  'query=',
  '',
])('a URL that Apollo Server refuses is no question: %s', (search) => {
  expect(get(search)).toBeNull();
});
