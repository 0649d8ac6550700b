import type { Call } from '../call.ts';
import { cost, type GraphClient } from './client.ts';
import { unreachable } from './errors.ts';

/**
 * A file as it comes. The request keeps its place in the guard until the last byte, since Graph counts it until then;
 * the guard's limit on one attempt ends that place, not the download, which ends with the caller's signal.
 */
export function download(
  graph: GraphClient,
  operation: string,
  path: string,
  call: Call,
): Promise<ReadableStream<Uint8Array>> {
  return new Promise((resolve, reject) => {
    graph
      .request({ method: 'GET', path, cost: cost(operation), stream: true }, call, (response) => {
        return new Promise<void>((end) => resolve(relay(response.body, end)));
      })
      .catch(reject);
  });
}

function relay(source: ReadableStream<Uint8Array> | null, end: () => void): ReadableStream<Uint8Array> {
  const reader = (source ?? new ReadableStream<Uint8Array>({ start: (controller) => controller.close() })).getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          controller.close();
        } catch (error) {
          controller.error(unreachable(error));
        }
        end();
      },
      async cancel(reason) {
        end();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
