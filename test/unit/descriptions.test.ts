import { readFileSync } from 'node:fs';
import { buildSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { expect, it } from 'vitest';

it('says something of every type, field, argument and value of the schema', () => {
  const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
  const silent: string[] = [];
  const told = (path: string, description: string | null | undefined) => {
    if (!description?.trim()) silent.push(path);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (/^(__|(String|Int|Float|Boolean|ID)$)/.test(type.name)) continue;
    told(type.name, type.description);
    if (isEnumType(type)) for (const value of type.getValues()) told(`${type.name}.${value.name}`, value.description);
    if (isInputObjectType(type))
      for (const field of Object.values(type.getFields())) told(`${type.name}.${field.name}`, field.description);
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      told(`${type.name}.${field.name}`, field.description);
      for (const arg of field.args) told(`${type.name}.${field.name}(${arg.name})`, arg.description);
    }
  }
  expect(silent).toEqual([]);
});
