import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, openSync, closeSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe } from 'vitest'
import { freePorts } from '../../../dev/local-kafka/ports.mjs'
import { makeAuthority } from '../secure-kafka/certificates.js'

const run = promisify(execFile)

/** A real RabbitMQ of its own: node name, ports, port mapper and data folder belong to it alone. */
export type Rabbitmq = Readonly<{
  port: number
  tlsPort: number
  /** Of the authority that issued the certificate of the TLS port. */
  caFile: string
  /** For clients of the tests; user and password are `guest`. */
  url: string
  /** Runs `rabbitmqctl`; resolves with what it printed. */
  ctl: (...args: readonly string[]) => Promise<string>
  /** Ends it with SIGKILL. */
  kill: () => Promise<void>
  /** Starts it again on the same data; resolves once it takes connections. */
  start: () => Promise<void>
  stop: () => Promise<void>
}>

const START_LIMIT_MS = 90_000
const LOOK_AGAIN_MS = 50

/** Folder of the server's own scripts: those on the path of Debian change the user first. */
const rabbitmqPrograms = (): string | undefined =>
  ['/usr/lib/rabbitmq/bin', ...(process.env['PATH'] ?? '').split(delimiter)].find((place) =>
    ['rabbitmq-server', 'rabbitmqctl'].every((program) => existsSync(join(place, program))),
  )

const startRabbitmq = async (programs: string): Promise<Rabbitmq> => {
  const dir = await mkdtemp(join(tmpdir(), 'streamvane-rabbitmq-'))
  const [port = 0, tlsPort = 0, distribution = 0, mapper = 0] = await freePorts(4)
  const authority = makeAuthority(dir, 'rabbit-ca')
  const server = authority.issue('server', { subject: 'CN=localhost' })
  await mkdir(join(dir, 'log'))
  await writeFile(
    join(dir, 'rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
      `ssl_options.cacertfile = ${authority.caFile}`,
      `ssl_options.certfile = ${server.certificateFile}`,
      `ssl_options.keyfile = ${server.keyFile}`,
      'ssl_options.verify = verify_none',
      'disk_free_limit.absolute = 1MB',
      'vm_memory_high_watermark.absolute = 2GB',
      'log.file.level = info',
      '',
    ].join('\n'),
  )
  await writeFile(join(dir, 'enabled_plugins'), '[].\n')
  const node = `streamvane-${port}@localhost`
  const env = {
    ...process.env,
    HOME: dir,
    ERL_EPMD_PORT: String(mapper),
    RABBITMQ_NODENAME: node,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(dir, 'data'),
    RABBITMQ_LOG_BASE: join(dir, 'log'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    // The script becomes the server instead of starting it, so the process that we know is the one to kill.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}',
  }
  // The mapper of node names belongs to this server; otherwise the first server would leave one behind as a daemon.
  const names = spawn('epmd', ['-port', String(mapper), '-address', '127.0.0.1'], { stdio: 'ignore' })
  let broker: ChildProcess | undefined
  const kill = async (): Promise<void> => {
    const dying = broker
    broker = undefined
    if (dying !== undefined) await ended(dying)
  }
  const start = async (): Promise<void> => {
    const out = openSync(join(dir, 'out'), 'a')
    broker = spawn(join(programs, 'rabbitmq-server'), [], { env, cwd: dir, stdio: ['ignore', out, out] })
    closeSync(out)
    const until = Date.now() + START_LIMIT_MS
    while (!(await answers(port))) {
      if (broker.exitCode !== null || Date.now() > until)
        throw new Error(`RabbitMQ did not start: ${await lastLines(dir)}`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
    }
  }
  const stop = async (): Promise<void> => {
    await kill()
    await ended(names)
    await rm(dir, { recursive: true, force: true })
  }
  try {
    await start()
  } catch (cause) {
    await stop()
    throw cause
  }
  return {
    port,
    tlsPort,
    caFile: authority.caFile,
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    ctl: async (...args) =>
      (await run(join(programs, 'rabbitmqctl'), ['-q', '-n', node, ...args], { env, cwd: dir })).stdout,
    kill,
    start,
    stop,
  }
}

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exit
}

/** Whether a listener takes a connection. RabbitMQ opens its listeners at the end of its start. */
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })

const lastLines = async (dir: string): Promise<string> => {
  const logs = (await readdir(join(dir, 'log'))).map((name) => join(dir, 'log', name))
  const texts = await Promise.all([join(dir, 'out'), ...logs].map((file) => readFile(file, 'utf8').catch(() => '')))
  return texts.map((text) => text.slice(-2_000)).join('\n')
}

const programs = rabbitmqPrograms()

/** A suite on a real broker of its own. Where there are no programs of RabbitMQ it is skipped and says so. */
export const describeRabbitmq = (name: string, suite: (broker: () => Rabbitmq) => void): void => {
  const lacking = programs === undefined ? ' (skipped: no rabbitmq-server and rabbitmqctl are here)' : ''
  describe.skipIf(programs === undefined)(`${name}${lacking}`, () => {
    let broker: Rabbitmq
    beforeAll(async () => void (broker = await startRabbitmq(programs as string)), START_LIMIT_MS + 30_000)
    afterAll(() => broker.stop(), 30_000)
    suite(() => broker)
  })
}
