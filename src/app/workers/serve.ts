import { parentPort } from 'node:worker_threads'

/** What the pool sends to a thread: work, or that there will be no more. */
export type Asked<I> = Readonly<{ kind: 'work'; input: I }> | Readonly<{ kind: 'close' }>

/** What a thread sends back. */
export type Answer<O> = Readonly<{ kind: 'output'; output: O }> | Readonly<{ kind: 'failed'; cause: unknown }>

/** Output of a thread. `transfer` names the buffers that are handed over instead of copied. */
export type Done<O> = Readonly<{ output: O; transfer: readonly ArrayBuffer[] }>

/**
 * Does the work of this thread: one input after the other, as the pool sends them. What the work throws goes to the
 * caller. `close` releases what the work holds; then the thread ends.
 */
export const serve = <I, O>(
  work: (input: I) => Done<O> | Promise<Done<O>>,
  close: () => Promise<void> = async () => {},
): void => {
  const answer = async (input: I): Promise<void> => {
    try {
      const { output, transfer } = await work(input)
      parentPort?.postMessage({ kind: 'output', output } satisfies Answer<O>, [...transfer])
    } catch (cause) {
      parentPort?.postMessage({ kind: 'failed', cause } satisfies Answer<O>)
    }
  }
  let last = Promise.resolve()
  parentPort?.on('message', (asked: Asked<I>) => {
    if (asked.kind === 'work') last = last.then(() => answer(asked.input))
    else void last.then(close).finally(() => parentPort?.close())
  })
}
