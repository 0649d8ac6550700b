import type { GraphQLResolveInfo } from 'graphql';
import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { singleId } from '../domain/global-id.ts';
import type { Context } from '../graphql/context.ts';
import { Cursor } from '../graphql/scalars.ts';
import { resolverOf } from '../graphql/schema.ts';
import type { SubmissionEvents } from './submission.events.ts';
import { SubmissionChanged } from './submission-changed.type.ts';

interface SubscribeArguments {
  readonly args: { id?: string | null; after?: string | null };
  readonly context: Context;
  readonly info: GraphQLResolveInfo;
}

@Resolver()
export class SubmissionEventsResolver {
  constructor(private readonly events: SubmissionEvents) {}

  @Subscription(() => SubmissionChanged, {
    description:
      'State changes of your submissions. Each is delivered at least once. When a submission changes several times in quick succession, possibly only its last state is delivered. With `id`, the first event is the current state, and the subscription completes after the outcome.',
    subscribe: (given) => {
      const { args, context, info } = given as unknown as SubscribeArguments;
      return resolverOf(info.schema, SubmissionEventsResolver).open(args, context);
    },
  })
  submissionChanged(
    @Root() changed: SubmissionChanged,
    @Arg('id', () => ID, { nullable: true, description: 'Only this submission. Default: all of yours.' }) _id:
      | string
      | null,
    @Arg('after', () => Cursor, {
      nullable: true,
      description:
        'The cursor of the latest event that you received: changes since then are sent first. Default: changes from now on.',
    })
    _after: string | null,
  ): SubmissionChanged {
    return changed;
  }

  private open({ id, after }: SubscribeArguments['args'], context: Context) {
    return this.events.open(id ? singleId(id, 'Submission') : null, after ?? null, context);
  }
}
