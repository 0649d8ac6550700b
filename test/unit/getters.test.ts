import 'reflect-metadata';
import { graphql, isObjectType } from 'graphql';
import { Arg, Field, FieldResolver, ObjectType, Query, Resolver } from 'type-graphql';
import { expect, it } from 'vitest';
import { createSchema } from '../../src/graphql/schema.ts';

@ObjectType({ simpleResolvers: true })
class Counted {
  @Field(() => String)
  get inherited(): string {
    return `inherited by ${this.constructor.name}`;
  }
}

@ObjectType('Subject', { simpleResolvers: true })
class Subject extends Counted {
  readonly #text = 'private';

  @Field(() => String)
  get text(): string {
    return this.#text;
  }

  @Field(() => String)
  get failing(): string {
    throw new TypeError('of its own accord');
  }

  @Field(() => String)
  get later(): Promise<string> {
    return Promise.resolve('later');
  }

  @Field(() => String)
  method(@Arg('times', () => String) times: string): string {
    return `${this.#text} ${times}`;
  }
}

@Resolver(() => Subject)
class SubjectResolver {
  @Query(() => Subject)
  subject(): Subject {
    return new Subject();
  }

  @FieldResolver(() => String)
  resolved(): string {
    return 'resolved';
  }
}

const schema = createSchema([SubjectResolver], [new SubjectResolver()]);

it('getters are read as properties, but nothing else is', async () => {
  const type = schema.getType('Subject');
  const fields = isObjectType(type) ? Object.entries(type.getFields()) : [];
  expect(fields.filter(([, { resolve }]) => resolve).map(([name]) => name)).toEqual(['method', 'resolved']);
  const source = '{ subject { inherited text later method(times: "twice") resolved } }';
  expect(JSON.parse(JSON.stringify(await graphql({ schema, source })))).toEqual({
    data: {
      subject: {
        inherited: 'inherited by Subject',
        text: 'private',
        later: 'later',
        method: 'private twice',
        resolved: 'resolved',
      },
    },
  });
});

it('an error that a getter throws is reported at its field', async () => {
  const { errors } = await graphql({ schema, source: '{ subject { text failing } }' });
  expect(errors).toMatchObject([{ path: ['subject', 'failing'], originalError: expect.any(TypeError) }]);
});
