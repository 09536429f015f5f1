import { afterEach, describe, expect, test } from 'vitest'
import { WorkerDied, workerPool, type WorkerPool } from '../../../src/app/workers/worker-pool.js'

const FILE = new URL('./length-worker.js', import.meta.url)
const pools: WorkerPool<string, number>[] = []
const poolOf = (threads: number): WorkerPool<string, number> => {
  const pool = workerPool<string, number>(FILE, threads)
  pools.push(pool)
  return pool
}
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close()
})

describe('a pool of worker threads', () => {
  test('answers each piece of work with its own output, whichever thread did it', async () => {
    const pool = poolOf(2)
    const texts = Array.from({ length: 30 }, (_, i) => 'x'.repeat(i))
    expect(await Promise.all(texts.map((text) => pool.run(text)))).toEqual(texts.map((text) => text.length))
  })

  test('hands what the work threw to the caller, and the thread goes on', async () => {
    const pool = poolOf(1)
    await expect(pool.run('fail')).rejects.toThrow(RangeError)
    expect(await pool.run('abc')).toBe(3)
  })

  test('says of a thread that died why, and goes on with the others', async () => {
    const pool = poolOf(2)
    await expect(pool.run('die')).rejects.toThrow('a worker thread ended (exit code 3)')
    expect(pool.size()).toBe(1)
    expect(await pool.run('abc')).toBe(3)
  })

  test('rejects all work when its last thread died', async () => {
    const pool = poolOf(1)
    const answers = await Promise.allSettled([pool.run('die'), pool.run('abc')])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(pool.run('abc')).rejects.toThrow(WorkerDied)
  })

  test('has the next piece of work at hand for a thread, which goes on with it while this thread is busy', async () => {
    const pool = workerPool<Int32Array, undefined>(new URL('./counting-worker.js', import.meta.url), 1)
    const count = new Int32Array(new SharedArrayBuffer(4))
    await pool.run(count) // the thread has started
    const both = [pool.run(count), pool.run(count)]
    while (count[0] !== 3) if (Atomics.wait(count, 0, count[0]!, 30_000) === 'timed-out') break
    expect(count[0]).toBe(3)
    await Promise.all(both)
    await pool.close()
  })

  test('without threads does no work', async () => {
    await expect(poolOf(0).run('abc')).rejects.toThrow(WorkerDied)
  })

  test('that is closed rejects what was under way', async () => {
    const pool = poolOf(1)
    const under = [pool.run('abc'), pool.run('abcd')].map((work) => work.catch((cause: unknown) => cause))
    await pool.close()
    for (const cause of await Promise.all(under)) expect(cause).toBeInstanceOf(WorkerDied)
  })
})
