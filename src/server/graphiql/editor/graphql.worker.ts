import type { worker } from 'monaco-editor';
import { initialize } from 'monaco-editor/esm/vs/editor/editor.worker.js';
import { GraphQLWorker } from 'monaco-graphql/esm/GraphQLWorker.js';
import { acceptWhatGraphqlDoes, type JsonSchema } from './variables.schema.ts';

type WorkerParameters = ConstructorParameters<typeof GraphQLWorker>;

/** Marks mistakes in the editors, but nothing that GraphQL accepts. */
class LenientWorker extends GraphQLWorker {
  constructor(
    private readonly models: worker.IWorkerContext,
    options: WorkerParameters[1],
  ) {
    super(models, options);
  }

  override async doGetVariablesJSONSchema(uri: string) {
    const schema = (await super.doGetVariablesJSONSchema(uri)) as JsonSchema | null;
    const text = this.models.getMirrorModels().find((model) => model.uri.toString() === uri);
    return schema && text ? acceptWhatGraphqlDoes(schema, text.getValue()) : schema;
  }
}

globalThis.onmessage = () => {
  initialize((models: worker.IWorkerContext, options: WorkerParameters[1]) => new LenientWorker(models, options));
};
