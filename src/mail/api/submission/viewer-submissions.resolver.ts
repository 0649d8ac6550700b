import { Arg, Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { ViewerType } from '../../../accounts/users/viewer.type.ts';
import { badUserInput } from '../../../graphql/bad-user-input.ts';
import { PageInfo } from '../../../graphql/connection.ts';
import type { Context } from '../../../graphql/context.ts';
import { requireFirst } from '../../../graphql/limits.ts';
import { SealError, type Sealer } from '../../../platform/seal.ts';
import type { SubmissionStore } from '../../submission/submission.store.ts';
import type { SubmissionPlace, SubmissionStatus } from '../../submission/submission.ts';
import { PageArgs } from '../list/list.args.ts';
import type { MailOf } from '../mail-of.ts';
import { SubmissionConnection, SubmissionStatusEnum, SubmissionType } from './submission.type.ts';

const PURPOSE = 'submission-cursor';
const Place = z.tuple([z.number(), z.uuid()]);

@Resolver(() => ViewerType)
export class ViewerSubmissionsResolver {
  constructor(
    readonly mailOf: MailOf,
    readonly store: Pick<SubmissionStore, 'list'>,
    readonly sealer: Sealer,
  ) {}

  @FieldResolver(() => SubmissionConnection, {
    description: 'What you have sent or scheduled through this gateway, the most recently created first.',
  })
  async submissions(
    @Root() { userId }: ViewerType,
    @Args(() => PageArgs) { first, after }: PageArgs,
    @Arg('status', () => [SubmissionStatusEnum], {
      nullable: true,
      description: 'Only submissions with one of these statuses. Default: all.',
    })
    status: SubmissionStatus[] | null | undefined,
    @Ctx() context: Context,
  ): Promise<SubmissionConnection> {
    const size = requireFirst(first);
    const place = after ? this.open(userId, after) : null;
    const found = await this.store.list(userId, { statuses: status ?? null, after: place, limit: size + 1 });
    const mail = this.mailOf(context);
    const edges = await Promise.all(
      found.slice(0, size).map(async (record) => {
        const account = await mail.find(record.integrationId);
        const cursor = () => this.seal(userId, record);
        return account && SubmissionConnection.edge(new SubmissionType(account, record), cursor);
      }),
    );
    const shown = edges.filter((edge) => edge !== null);
    const info = new PageInfo({
      hasNextPage: found.length > size,
      hasPreviousPage: place !== null,
      start: shown[0]?.place ?? null,
      end: shown.at(-1)?.place ?? null,
    });
    return new SubmissionConnection(shown, info);
  }

  private seal(userId: string, { createdAt, id }: SubmissionPlace): string {
    return this.sealer.sealText(PURPOSE, userId, JSON.stringify([createdAt.getTime(), id]));
  }

  private open(userId: string, cursor: string): SubmissionPlace {
    try {
      const [at, id] = Place.parse(JSON.parse(this.sealer.openText(PURPOSE, userId, cursor)));
      return { createdAt: new Date(at), id };
    } catch (error) {
      if (!(error instanceof SealError || error instanceof z.ZodError || error instanceof SyntaxError)) throw error;
      throw badUserInput('after is not a cursor of this list. Pass a cursor back unchanged, to the same field.');
    }
  }
}
