import { Arg, Args, Ctx, FieldResolver, Resolver } from 'type-graphql';
import { ViewerType } from '../../../accounts/api/viewer/viewer.type.ts';
import { PageInfo } from '../../../graphql/connection.ts';
import type { Context } from '../../../graphql/context.ts';
import { Dated } from '../../../graphql/dated.ts';
import { requireFirst } from '../../../graphql/limits.ts';
import type { SubmissionStatus } from '../../submission/submission.ts';
import type { SubmissionList } from '../../submission/submission-list.ts';
import { PageArgs } from '../list.args.ts';
import type { MailOf } from '../mail-of.ts';
import { SubmissionConnection, SubmissionStatusEnum, SubmissionType } from './submission.type.ts';

@Resolver(() => ViewerType)
export class ViewerSubmissionsResolver {
  constructor(
    readonly mailOf: MailOf,
    readonly list: SubmissionList,
  ) {}

  @Dated()
  @FieldResolver(() => SubmissionConnection, {
    description: 'What you have sent or scheduled through this gateway, the most recently created first.',
  })
  async submissions(
    @Args(() => PageArgs) { first, after }: PageArgs,
    @Arg('status', () => [SubmissionStatusEnum], {
      nullable: true,
      description: 'Only submissions with one of these statuses. Default: all.',
    })
    status: SubmissionStatus[] | null | undefined,
    @Ctx() context: Context,
  ): Promise<SubmissionConnection> {
    const request = { statuses: status ?? null, first: requireFirst(first), after: after || null };
    const { entries, hasNextPage } = await this.list.page(this.mailOf(context), request);
    const edges = entries.map(({ account, record, cursor }) =>
      SubmissionConnection.edge(new SubmissionType(account, record), cursor),
    );
    const info = new PageInfo({
      hasNextPage,
      hasPreviousPage: request.after !== null,
      start: edges[0]?.lazyCursor ?? null,
      end: edges.at(-1)?.lazyCursor ?? null,
    });
    return new SubmissionConnection(edges, info);
  }
}
