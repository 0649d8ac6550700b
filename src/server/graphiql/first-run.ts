import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect, useRef } from 'react';

/** Runs the tab that the page opens with, once, when it has been read; what a user has left there before is theirs to run. */
export function FirstRun({ operation }: { operation: string }): null {
  const { run } = useGraphiQLActions();
  const isReady = useGraphiQL(
    ({ schema, operationName, queryEditor, responseEditor }) =>
      schema !== null && operationName === operation && queryEditor !== undefined && responseEditor !== undefined,
  );
  const hasRun = useRef(false);
  useEffect(() => {
    if (!isReady || hasRun.current) return;
    hasRun.current = true;
    void run();
  }, [isReady, run]);
  return null;
}
