import {
  type DocumentNode,
  executeSync,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  NoSchemaIntrospectionCustomRule,
  specifiedRules,
  validate,
} from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { type AnswerSize, checkSizes } from './limits/list-limits.ts';
import type { QueryGate } from './query-gate.ts';
import { refusedAs, refusedNull, withoutHint } from './request-error.ts';

export interface ReadOperation {
  readonly document: DocumentNode;
  readonly size: AnswerSize;
}

/** From what a client sends to a document that may run: what Apollo does over HTTP, and with the same errors. */
export class OperationReader {
  private readonly rules;
  private readonly judged = new WeakMap<DocumentNode, readonly GraphQLError[]>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly gate: QueryGate,
    private readonly introspection: boolean,
  ) {
    this.rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  }

  /** What may run, or why it does not. @throws GraphQLError */
  read({ query, operationName, variables }: SubscribePayload): ReadOperation | readonly GraphQLError[] {
    const document = this.gate.parse(query);
    const faults = this.faults(document);
    if (faults.length > 0) return faults;
    if (!getOperationAST(document, operationName)) return this.unresolved(document, operationName);
    const size = checkSizes(this.schema, document, operationName, variables, this.gate.limits);
    return { document, size };
  }

  /** Found once for each document that the gate remembers. */
  private faults(document: DocumentNode): readonly GraphQLError[] {
    const known = this.judged.get(document);
    if (known) return known;
    const faults = validate(this.schema, document, this.rules).map((fault) => {
      const ofNull = refusedNull(fault);
      if (ofNull !== null) return refusedAs('BAD_USER_INPUT', fault, ofNull);
      const { message } = fault;
      return refusedAs('GRAPHQL_VALIDATION_FAILED', fault, this.introspection ? message : withoutHint(message));
    });
    this.judged.set(document, faults);
    return faults;
  }

  /** Only graphql-js knows how it words it. There is no operation that could run here. */
  private unresolved(document: DocumentNode, operationName: string | null | undefined): readonly GraphQLError[] {
    const { errors = [] } = executeSync({ schema: this.schema, document, operationName: operationName ?? null });
    return errors.map((error) => refusedAs('OPERATION_RESOLUTION_FAILURE', error));
  }
}
