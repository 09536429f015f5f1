import { pino } from 'pino'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../../src/app/config/load.js'
import { sinksOf } from '../../../../src/app/pipeline/egress/sinks.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { standInBroker } from '../../../egress/kafka/stand-in-broker.js'

test('a broker that is away is told by the failure of the sink alone: lines of kafkajs are for debugging', async () => {
  const gone = await standInBroker({ apis: [], coordinator: { error: 0, text: '' } })
  await gone.close()
  const linesAt = async (level: 'info' | 'debug'): Promise<readonly string[]> => {
    const lines: string[] = []
    const config = loadConfig({ flags: { egress: { kafka: { brokers: [gone.address], format: 'json' } } } })
    const [egress] = await sinksOf(
      config,
      singleLog(memoryLog()),
      pino({ level }, { write: (line: string) => void lines.push(line) }),
    )
    expect(await egress?.sink.connect(new AbortController().signal)()).toMatchObject({ left: { tag: 'NotConnected' } })
    return lines
  }
  const [atInfo, atDebug] = await Promise.all([linesAt('info'), linesAt('debug')])
  expect(atInfo).toEqual([])
  expect(atDebug.length).toBeGreaterThan(0)
}, 30_000)
