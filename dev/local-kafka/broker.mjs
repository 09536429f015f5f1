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
 * @typedef {object} Listener
 * @property {'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'} protocol
 * @property {Record<string, string | number>} [properties] settings of this listener, without `listener.name.<name>.`
 */

/**
 * @typedef {object} LocalKafka
 * @property {string[]} brokers addresses for clients
 * @property {Record<string, string>} listeners addresses of the further listeners, by name
 * @property {string} dir configuration, data and `broker.log`
 * @property {string} jars class path entries of the broker and its console tools
 * @property {number | undefined} pid of the broker now; undefined between `kill9` and `restart`
 * @property {() => Promise<void>} kill9 as a power cut would: resolves when the process is gone
 * @property {() => Promise<void>} restart on the same port and data; ends a running one first; resolves when it answers
 * @property {() => Promise<void>} stop ends it and removes the folder, unless the caller named the folder
 */

/**
 * @typedef {object} KafkaOptions
 * @property {string} [dir] by default a fresh folder
 * @property {(line: string) => void} [log]
 * @property {Record<string, string | number>} [properties] of the broker
 * @property {Record<string, Listener>} [listeners] beside the plain one, by name: upper-case letters
 * @property {string[]} [scram] users, as the format tool takes them: `SCRAM-SHA-256=[name=…,password=…]`
 * @property {string[]} [jvmArgs]
 */

/**
 * One real Apache Kafka broker (KRaft, a single node) on 127.0.0.1 and a port that was free. Resolves when it answers
 * `describeCluster`. It ends with this process, however this process ends.
 * @param {KafkaOptions} [options]
 * @returns {Promise<LocalKafka>}
 */
export const startKafka = async (options = {}) => {
  const { dir: wanted, log = () => {}, properties = {}, listeners = {}, scram = [], jvmArgs = [] } = options
  const names = Object.keys(listeners)
  const jars = join(await kafkaJars(log), '*')
  return withFreePorts(2 + names.length, async ([port = 0, controllerPort = 0, ...ports]) => {
    const further = Object.fromEntries(names.map((name, at) => [name, `127.0.0.1:${ports[at]}`]))
    const dir = wanted ?? (await mkdtemp(join(tmpdir(), 'streamvane-kafka-')))
    const discard = async () =>
      wanted === undefined ? rm(dir, { recursive: true, force: true, maxRetries: 5 }) : undefined
    const config = join(dir, 'server.properties')
    const address = `127.0.0.1:${port}`
    const boot = async () => {
      const jvm = await startJvm({
        args: [
          ...jvmArgs,
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
      const own = listenerProperties(listeners, further, { port, controllerPort })
      await writeFile(config, serverProperties({ controllerPort, dir, properties: { ...own, ...properties } }))
      await formatStorage(jars, config, scram)
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
      listeners: further,
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

/** @param {string} jars @param {string} config @param {readonly string[]} scram */
const formatStorage = (jars, config, scram) =>
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
      ...scram.flatMap((user) => ['--add-scram', user]),
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
 * @param {Record<string, Listener>} listeners
 * @param {Record<string, string>} addresses of the listeners
 * @param {{ port: number, controllerPort: number }} ports
 * @returns {Record<string, string | number>}
 */
const listenerProperties = (listeners, addresses, { port, controllerPort }) => {
  const own = Object.entries(addresses).map(([name, address]) => `${name}://${address}`)
  const advertised = [`PLAINTEXT://127.0.0.1:${port}`, ...own].join(',')
  const protocols = Object.entries(listeners).map(([name, { protocol }]) => `${name}:${protocol}`)
  return {
    listeners: `${advertised},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': advertised,
    'listener.security.protocol.map': ['CONTROLLER:PLAINTEXT', 'PLAINTEXT:PLAINTEXT', ...protocols].join(','),
    ...Object.fromEntries(
      Object.entries(listeners).flatMap(([name, { properties = {} }]) =>
        Object.entries(properties).map(([key, value]) => [`listener.name.${name.toLowerCase()}.${key}`, value]),
      ),
    ),
  }
}

/**
 * @param {{ controllerPort: number, dir: string, properties: Record<string, string | number> }} options
 */
const serverProperties = ({ controllerPort, dir, properties }) =>
  Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
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
