import type { GraphQLResolveInfo } from 'graphql';
import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import type { Context } from '../graphql/context.ts';
import { singleId } from '../graphql/global-id.ts';
import { Cursor } from '../graphql/scalars.ts';
import { resolverOf } from '../graphql/schema.ts';
import type { SubmissionEvents } from './submission.events.ts';
import { SubmissionChanged } from './submission-changed.type.ts';

interface Given {
  readonly args: { id?: string | null; after?: string | null };
  readonly context: Context;
  readonly info: GraphQLResolveInfo;
}

@Resolver()
export class SubmissionEventsResolver {
  constructor(private readonly events: SubmissionEvents) {}

  @Subscription(() => SubmissionChanged, {
    description:
      'Each step of your submissions, at least once; of steps that follow at once the last. With id it begins with where that one is, and ends with its outcome.',
    subscribe: (given) => {
      const { args, context, info } = given as unknown as Given;
      return resolverOf(info.schema, SubmissionEventsResolver).open(args, context);
    },
  })
  submissionChanged(
    @Root() changed: SubmissionChanged,
    @Arg('id', () => ID, { nullable: true, description: 'Only this one. Without it all of yours.' }) _id: string | null,
    @Arg('after', () => Cursor, {
      nullable: true,
      description: 'The cursor of the last event you saw: what changed since is sent first. Without it, from now on.',
    })
    _after: string | null,
  ): SubmissionChanged {
    return changed;
  }

  private open({ id, after }: Given['args'], context: Context) {
    return this.events.open(id ? singleId(id, 'Submission') : null, after ?? null, context);
  }
}
