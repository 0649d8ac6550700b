import { Arg, Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { ViewerType } from '../../../accounts/api/viewer/viewer.type.ts';
import { badUserInput } from '../../../graphql/bad-user-input.ts';
import { PageInfo } from '../../../graphql/connection.ts';
import type { Context } from '../../../graphql/context.ts';
import { requireFirst } from '../../../graphql/limits.ts';
import type { Sealer } from '../../../platform/secrets/seal.ts';
import { SealedJson } from '../../../platform/secrets/sealed-json.ts';
import type { SubmissionStore } from '../../submission/submission.store.ts';
import type { SubmissionPosition, SubmissionStatus } from '../../submission/submission.ts';
import { PageArgs } from '../list/list.args.ts';
import type { MailOf } from '../mail-of.ts';
import { SubmissionConnection, SubmissionStatusEnum, SubmissionType } from './submission.type.ts';

const Position = z.tuple([z.number(), z.uuid()]);

@Resolver(() => ViewerType)
export class ViewerSubmissionsResolver {
  private readonly cursors: SealedJson<typeof Position>;

  constructor(
    readonly mailOf: MailOf,
    readonly store: Pick<SubmissionStore, 'list'>,
    sealer: Sealer,
  ) {
    this.cursors = new SealedJson(sealer, 'submission-cursor', Position);
  }

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
    const position = after ? this.open(userId, after) : null;
    const found = await this.store.list(userId, { statuses: status ?? null, after: position, limit: size + 1 });
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
      hasPreviousPage: position !== null,
      start: shown[0]?.lazyCursor ?? null,
      end: shown.at(-1)?.lazyCursor ?? null,
    });
    return new SubmissionConnection(shown, info);
  }

  private seal(userId: string, { createdAt, id }: SubmissionPosition): string {
    return this.cursors.seal(userId, [createdAt.getTime(), id]);
  }

  private open(userId: string, cursor: string): SubmissionPosition {
    const position = this.cursors.open(userId, cursor);
    if (!position)
      throw badUserInput('after is not a cursor of this list. Pass a cursor back unchanged, to the same field.');
    const [at, id] = position;
    return { createdAt: new Date(at), id };
  }
}
