import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Answer, Asked } from './serve.js'

/** A worker thread ended before it had answered, or there is none left. The message says why. */
export class WorkerDied extends Error {
  override readonly name = 'WorkerDied'
}

/**
 * Threads that do one kind of pure work. `run` rejects with `WorkerDied` if the thread ends, and with what the work
 * threw. A thread that died is not replaced: the caller does the work itself.
 */
export type WorkerPool<I, O> = Readonly<{
  /** Threads that are there, or will be when there is work for them. */
  size: () => number
  /** `transfer` names the buffers of the input that are handed over instead of copied. */
  run: (input: I, transfer?: readonly ArrayBuffer[]) => Promise<O>
  /** Ends the threads. Work under way is rejected. */
  close: () => Promise<void>
}>

type Job<I, O> = Readonly<{
  input: I
  transfer: readonly ArrayBuffer[]
  resolve: (output: O) => void
  reject: (cause: unknown) => void
}>

/** A thread, with the job it is at and those that wait there. */
type Thread<I, O> = { worker: Worker; jobs: Job<I, O>[]; cause: Error | undefined }

/**
 * Jobs that a thread has at a time. One waits there: a thread that had to be told of its next job would stand idle while
 * this thread is at something long.
 */
const JOBS_OF_THREAD = 2

/**
 * A pool of up to `threadsMax` threads, which are started when there is work for them. Each does one piece after the
 * other. `file` is the module that calls `serve`, as compiled (`.js`); where this code runs from its TypeScript source,
 * so do the threads.
 */
export const workerPool = <I, O>(file: URL, threadsMax: number): WorkerPool<I, O> => {
  const threads = new Set<Thread<I, O>>()
  const waiting: Job<I, O>[] = []
  let room = threadsMax
  let lastCause = 'no worker thread is left'

  const give = (thread: Thread<I, O>, job: Job<I, O>): void => {
    thread.jobs.push(job)
    thread.worker.ref()
    thread.worker.postMessage({ kind: 'work', input: job.input } satisfies Asked<I>, [...job.transfer])
  }
  const answered = (thread: Thread<I, O>, answer: Answer<O>): void => {
    const job = thread.jobs.shift()
    const next = waiting.shift()
    if (next !== undefined) give(thread, next)
    if (thread.jobs.length === 0) thread.worker.unref()
    if (answer.kind === 'output') job?.resolve(answer.output)
    else job?.reject(answer.cause)
  }
  const ended = (thread: Thread<I, O>, code: number): void => {
    if (!threads.delete(thread)) return
    room--
    lastCause = `a worker thread ended (${thread.cause?.message ?? `exit code ${code}`})`
    for (const job of thread.jobs) job.reject(new WorkerDied(lastCause, { cause: thread.cause }))
    if (room === 0) for (const job of waiting.splice(0)) job.reject(new WorkerDied(lastCause))
  }
  const start = (): Thread<I, O> => {
    const thread: Thread<I, O> = { worker: startWorker(file), jobs: [], cause: undefined }
    thread.worker.on('message', (answer: Answer<O>) => answered(thread, answer))
    thread.worker.on('error', (cause: Error) => (thread.cause = cause))
    thread.worker.on('exit', (code) => ended(thread, code))
    threads.add(thread)
    return thread
  }
  /** A thread that can take a job: an idle one if there is any. */
  const free = (): Thread<I, O> | undefined => {
    const [least] = [...threads].sort((a, b) => a.jobs.length - b.jobs.length)
    if (threads.size < room && least?.jobs.length !== 0) return start()
    return least !== undefined && least.jobs.length < JOBS_OF_THREAD ? least : undefined
  }

  return {
    size: () => room,
    run: (input, transfer = []) =>
      new Promise((resolve, reject) => {
        const job = { input, transfer, resolve, reject }
        if (room === 0) return reject(new WorkerDied(lastCause))
        const thread = free()
        if (thread === undefined) waiting.push(job)
        else give(thread, job)
      }),
    close: async () => {
      room = 0
      lastCause = 'the worker threads were closed'
      for (const job of waiting.splice(0)) job.reject(new WorkerDied(lastCause))
      const closing = [...threads]
      threads.clear()
      for (const { jobs } of closing) for (const job of jobs) job.reject(new WorkerDied(lastCause))
      await Promise.all(closing.map(({ worker }) => endOf(worker)))
    },
  }
}

/** Has a thread release what it holds and end; one that does not is ended. */
const endOf = async (worker: Worker): Promise<void> => {
  worker.ref()
  const end = once(worker, 'exit')
  worker.postMessage({ kind: 'close' } satisfies Asked<never>)
  const timer = setTimeout(() => void worker.terminate(), CLOSE_LIMIT_MS)
  await end
  clearTimeout(timer)
}

const CLOSE_LIMIT_MS = 5_000

/** Node does not know TypeScript, and a thread does not inherit the loader of this one: it registers its own first. */
const startWorker = (file: URL): Worker => {
  if (!import.meta.url.endsWith('.ts')) return new Worker(file)
  const loader = import.meta.resolve('tsx/esm/api')
  const source = file.href.replace(/\.js$/, '.ts')
  const code = `import(${JSON.stringify(loader)}).then(({ register }) => (register(), import(${JSON.stringify(source)})))`
  return new Worker(code, { eval: true, execArgv: [] })
}
