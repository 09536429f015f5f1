import { parentPort } from 'node:worker_threads'

/** What the pool sends to a thread. */
export type Asked<I> = Readonly<{ input: I }>

/** What a thread sends back. */
export type Answer<O> = Readonly<{ kind: 'output'; output: O }> | Readonly<{ kind: 'failed'; cause: unknown }>

/**
 * Does the work of this thread: one input after the other. `transfer` names the buffers of the output that are handed
 * over instead of copied. What the work throws goes to the caller.
 */
export const serve = <I, O>(work: (input: I) => Readonly<{ output: O; transfer: readonly ArrayBuffer[] }>): void => {
  parentPort?.on('message', ({ input }: Asked<I>) => {
    try {
      const { output, transfer } = work(input)
      parentPort?.postMessage({ kind: 'output', output } satisfies Answer<O>, [...transfer])
    } catch (cause) {
      parentPort?.postMessage({ kind: 'failed', cause } satisfies Answer<O>)
    }
  })
}
