import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { memoryParts, morning, copied, allOf } from './fixtures.js'

describe('the target of a copy', () => {
  const event = (id: string) => ({
    id: `00000000-0000-4000-8000-0000000000${id}`,
    type: 'X',
    data: Buffer.from('{}'),
    metadata: Buffer.from('{}'),
  })
  const write = async (log: EventLog, stream: string, id = '01'): Promise<void> => {
    const [answer] = await log.append([{ stream, expected: 'any', events: [event(id)] }])
    expect(E.isRight(answer!)).toBe(true)
  }
  test.each(['t.clock', 't.generations', 't.kpi-g1', 't.deadletter', 't.kpi-g2'])(
    'is refused and stays unchanged if it holds other events of the tenant: %s',
    async (stream) => {
      const [source, log] = [memoryParts(), memoryLog()]
      await morning(source)
      await write(log, stream)
      await expect(copied(source, singleLog(log))).rejects.toThrow(stream)
      await expect(copied(source, singleLog(log))).rejects.toMatchObject({ name: 'CopyRefused' })
      expect(await allOf(log)).toHaveLength(1)
    },
  )

  test.each(['t.clock', 't.generations', 't.kpi-g1', 't.deadletter'])(
    'is refused if somebody has appended to it: %s',
    async (stream) => {
      const [source, log] = [memoryParts(), memoryLog()]
      await morning(source)
      await copied(source, singleLog(log))
      await write(log, stream)
      await expect(copied(source, singleLog(log))).rejects.toMatchObject({
        name: 'CopyRefused',
        message: expect.stringContaining(stream) as string,
      })
    },
  )

  test('is accepted if it holds only another tenant', async () => {
    const [source, log] = [memoryParts(), memoryLog()]
    await morning(source)
    await write(log, 'tt.clock')
    expect(await copied(source, singleLog(log))).toMatchObject({ kind: 'copied', differences: [] })
  })
})

test.each([/\.user-/, /\.kpi-g1$/, /\.generations$/, /\.deadletter$/])(
  'verification of a copy finds an event that the target stored with other bytes, and names the stream: %s',
  async (stream) => {
    const [source, log] = [memoryParts(), memoryLog()]
    await morning(source)
    let spoilt: string | undefined
    const forgetful: EventLog = {
      ...log,
      append: (appends) =>
        log.append(
          appends.map((append) => {
            if (spoilt !== undefined || !stream.test(append.stream)) return append
            // What a checkpoint says depends on the log, and is in no digest.
            const at = append.events.findIndex(({ type }) => type !== 'Checkpoint')
            if (at < 0) return append
            spoilt = append.stream
            const events = append.events.map((event, index) =>
              index === at ? { ...event, data: Buffer.from('{"position":"7"}') } : event,
            )
            return { ...append, events }
          }),
        ),
    }
    const { kind, differences, digests } = await copied(source, singleLog(forgetful))
    expect(kind).toBe('copied')
    expect(differences[0]).toMatchObject({ stream: spoilt })
    expect(digests.some(({ source, target }) => source !== target)).toBe(true)
  },
)
