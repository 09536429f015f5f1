// @ts-check
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { kafkaJars } from './downloads.mjs'
import { javaBinary, startJvm, untilReady } from './jvm.mjs'
import { withFreePorts } from './ports.mjs'

const READY_LIMIT_MS = 90_000
const STOP_LIMIT_MS = 15_000
const CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qk' // any; a random one that begins with a dash would break the format tool

/**
 * @typedef {object} LocalKafka
 * @property {string[]} brokers addresses for clients
 * @property {string} dir configuration, data and `broker.log`
 * @property {string} jars class path entries of the broker and its console tools
 * @property {number | undefined} pid of the broker now; undefined between `kill9` and `restart`
 * @property {() => Promise<void>} kill9 as a power cut would: resolves when the process is gone
 * @property {() => Promise<void>} restart on the same port and data; ends a running one first; resolves when it answers
 * @property {() => Promise<void>} stop ends it and removes the folder, unless the caller named the folder
 */

/**
 * One real Apache Kafka broker (KRaft, a single node) on 127.0.0.1 and a port that was free, with a fresh folder unless
 * `dir` is given. Resolves when it answers `describeCluster`. It ends with this process, however this process ends.
 * @param {{ dir?: string, log?: (line: string) => void, properties?: Record<string, string | number> }} [options]
 * @returns {Promise<LocalKafka>}
 */
export const startKafka = async ({ dir: wanted, log = () => {}, properties = {} } = {}) => {
  const jars = join(await kafkaJars(log), '*')
  return withFreePorts(2, async ([port = 0, controllerPort = 0]) => {
    const dir = wanted ?? (await mkdtemp(join(tmpdir(), 'streamvane-kafka-')))
    const discard = async () =>
      wanted === undefined ? rm(dir, { recursive: true, force: true, maxRetries: 5 }) : undefined
    const config = join(dir, 'server.properties')
    const address = `127.0.0.1:${port}`
    const boot = async () => {
      const jvm = await startJvm({
        args: [
          ...'-Xms256m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp'.split(' '),
          jars,
          'kafka.Kafka',
          config,
        ],
        logFile: join(dir, 'broker.log'),
        ...(wanted === undefined ? { doomedDir: dir } : {}),
      })
      await untilReady(jvm, `Kafka on ${address}`, READY_LIMIT_MS, () => answers(address))
      return jvm
    }
    /** @type {import('./jvm.mjs').Jvm | undefined} */
    let jvm
    try {
      await mkdir(dir, { recursive: true })
      await writeFile(config, serverProperties({ port, controllerPort, dir, properties }))
      await formatStorage(jars, config)
      jvm = await boot()
    } catch (cause) {
      await discard()
      throw cause
    }
    log(`Kafka answers on ${address} (pid ${jvm.pid}, ${dir})`)
    const kill9 = async () => {
      await jvm?.kill('SIGKILL')
      jvm = undefined
    }
    return {
      brokers: [address],
      dir,
      jars,
      get pid() {
        return jvm?.pid
      },
      kill9,
      restart: async () => {
        await kill9()
        jvm = await boot()
      },
      stop: async () => {
        // A folder that is thrown away needs no orderly shutdown.
        if (wanted !== undefined && jvm !== undefined) {
          await Promise.race([
            jvm.kill('SIGTERM'),
            new Promise((resolve) => setTimeout(resolve, STOP_LIMIT_MS).unref()),
          ])
        }
        await kill9()
        await discard()
      },
    }
  })
}

/** @param {string} jars @param {string} config */
const formatStorage = (jars, config) =>
  promisify(execFile)(
    javaBinary(),
    [
      '-XX:TieredStopAtLevel=1',
      '-cp',
      jars,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      CLUSTER_ID,
      '-c',
      config,
      '--ignore-formatted',
    ],
    { timeout: READY_LIMIT_MS },
  )

/**
 * Whether the broker is up, unfenced and its own controller; an open port alone comes seconds too early.
 * @param {string} address
 */
const answers = async (address) => {
  const { Kafka, logLevel } = (await import('kafkajs')).default
  const kafka = new Kafka({
    brokers: [address],
    clientId: 'readiness',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 500,
    requestTimeout: 2_000,
    retry: { retries: 0, initialRetryTime: 50, maxRetryTime: 100, multiplier: 1, factor: 0 },
  })
  const admin = kafka.admin()
  try {
    await admin.connect()
    const { brokers, controller } = await admin.describeCluster()
    return brokers.length === 1 && controller !== null
  } catch {
    return false
  } finally {
    await admin.disconnect().catch(() => {})
  }
}

/**
 * @param {{ port: number, controllerPort: number, dir: string, properties: Record<string, string | number> }} options
 */
const serverProperties = ({ port, controllerPort, dir, properties }) =>
  Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': join(dir, 'data'),
    'auto.create.topics.enable': 'false',
    // Without the replication lines a single node answers "group coordinator is not available".
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1000,
    // After a kill the controller waits for the old session to end: 9 s by default.
    'broker.session.timeout.ms': 2000,
    'broker.heartbeat.interval.ms': 500,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    'log.index.size.max.bytes': 1_048_576,
    'num.network.threads': 1,
    'num.io.threads': 2,
    ...properties,
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
