import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { javaBinary } from '../../dev/local-kafka/jvm.mjs'
import type { ConsoleTools } from './kafka-global-setup.js'

/** A record as Kafka's own console consumer printed it. `timestampMs` is the record's, `value` null for a tombstone. */
export type ForeignRecord = Readonly<{
  partition: number
  offset: number
  timestampMs: number
  key: Buffer | null
  value: Buffer | null
  headers: ReadonlyMap<string, Buffer>
}>

export type ConsoleRead = Readonly<{
  brokers: readonly string[]
  tools: ConsoleTools
  topic: string
  /** Ends the reading, asked after each record; without it, it ends when nothing came for `quietMs`. */
  until?: (records: readonly ForeignRecord[]) => boolean
  /**
   * How long to wait for the next record. With `until`, not reaching it in this time is an error. Default 5,000 without
   * and 30,000 with it.
   */
  quietMs?: number
  isolation?: 'read_committed' | 'read_uncommitted'
}>

const BYTES = 'org.apache.kafka.common.serialization.BytesDeserializer'
// `BytesDeserializer` prints everything but harmless ASCII as \xNN, so control characters are free to separate.
const FIELD = '\t'
const HEADER = '\u0002'
const NULL = 'the-record-holds-null-here'

/**
 * Reads a topic from its beginning with Apache Kafka's Java console consumer: a client that shares no code with ours.
 * Rejects when the tool fails, or when `until` was not reached.
 */
export const consoleConsume = async (read: ConsoleRead): Promise<readonly ForeignRecord[]> => {
  const { until, quietMs = until === undefined ? 5_000 : 30_000 } = read
  const [command, args] = commandLine(read, quietMs)
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const complaints: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text))
  const closed = once(child, 'close')
  const records: ForeignRecord[] = []
  let satisfied = false
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('CreateTime:') && !line.startsWith('LogAppendTime:')) continue // the tool's own logging
      records.push(decodeLine(line))
      satisfied = until?.(records) ?? false
      if (satisfied) break
    }
  } finally {
    if (satisfied) child.kill('SIGKILL')
  }
  await closed
  const said = complaints.join('')
  if (satisfied) return records
  if (!said.includes('Processed a total of')) throw new Error(`the console consumer failed:\n${said}`)
  if (until !== undefined)
    throw new Error(`nothing more came for ${quietMs} ms, after ${records.length} records:\n${said}`)
  return records
}

const commandLine = (
  { brokers, tools, topic, isolation = 'read_committed' }: ConsoleRead,
  quietMs: number,
): [string, string[]] => {
  const property = (name: string, value: string) => ['--property', `${name}=${value}`]
  const printed = ['timestamp', 'partition', 'offset', 'headers', 'key', 'value'].flatMap((field) =>
    property(`print.${field}`, 'true'),
  )
  const decoded = ['key', 'value', 'headers'].flatMap((field) => property(`${field}.deserializer`, BYTES))
  const separated = [
    ...property('key.separator', FIELD),
    ...property('headers.separator', HEADER),
    ...property('null.literal', NULL),
  ]
  const options = [
    '--topic',
    topic,
    '--from-beginning',
    '--isolation-level',
    isolation,
    '--timeout-ms',
    String(quietMs),
  ]
  const rest = [...options, ...printed, ...decoded, ...separated]
  switch (tools.via) {
    case 'jars':
      return [
        javaBinary(),
        [
          '-XX:TieredStopAtLevel=1',
          '-XX:+UseSerialGC',
          '-cp',
          tools.classPath,
          'org.apache.kafka.tools.consumer.ConsoleConsumer',
        ].concat(['--bootstrap-server', brokers.join(',')], rest),
      ]
    case 'container':
      return [
        'docker',
        ['exec', tools.id, '/opt/kafka/bin/kafka-console-consumer.sh', '--bootstrap-server', tools.brokers, ...rest],
      ]
    case 'nothing':
      throw new Error('the broker is an external one and Kafka’s console tools are not at hand')
  }
}

/** `CreateTime:1 <tab> Partition:0 <tab> Offset:3 <tab> name:value<sep>… <tab> key <tab> value` */
const decodeLine = (line: string): ForeignRecord => {
  const [timestamp = '', partition = '', offset = '', headers = '', key = '', value = ''] = line.split(FIELD)
  const after = (text: string) => text.slice(text.indexOf(':') + 1)
  const pairs = headers === 'NO_HEADERS' ? [] : headers.split(HEADER)
  return {
    partition: Number(after(partition)),
    offset: Number(after(offset)),
    timestampMs: Number(after(timestamp)),
    key: decodeBytes(key),
    value: decodeBytes(value),
    headers: new Map(
      pairs.map((pair) => [pair.slice(0, pair.indexOf(':')), decodeBytes(after(pair)) ?? Buffer.alloc(0)]),
    ),
  }
}

const decodeBytes = (text: string): Buffer | null =>
  text === NULL
    ? null
    : Buffer.from(
        text.replace(/\\x([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
        'latin1',
      )
