import { serve } from '../../../src/app/workers/serve.js'

/** Counts the pieces of work in shared memory, and wakes who waits there. */
serve((count: Int32Array) => {
  Atomics.add(count, 0, 1)
  Atomics.notify(count, 0)
  return { output: undefined, transfer: [] }
})
