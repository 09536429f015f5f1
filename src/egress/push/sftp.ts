import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { posix } from 'node:path'
import { promisify } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import type { Client, SFTPWrapper } from 'ssh2'
import type { Secret } from '../../credentials/secret.js'
import type { Accepted, PushedFile, PushFailure, Receiver } from './receiver.js'

export type SftpReceiver = Readonly<{
  host: string
  port: number
  username: string
  password?: Secret | undefined
  privateKey?: Secret | undefined
  privateKeyPassphrase?: Secret | undefined
  /** Fingerprints of host keys that are accepted. */
  hostKeys: readonly string[]
  dir: string
  manifest: boolean
  connectTimeoutMs: number
  timeoutMs: number
}>

/** Code of the protocol (draft-ietf-secsh-filexfer-02, 7): there is no such file. */
const NO_SUCH_FILE = 2

/**
 * A receiver that takes files by SFTP. A file is written under a temporary name and renamed when all of it is there, so
 * that nobody picks up a part; a file that is there already is never written over. The manifest comes last: who waits
 * for it finds the file whole.
 */
export const sftpReceiver = (settings: SftpReceiver): Receiver => ({
  place: `sftp://${settings.host}:${settings.port}/${settings.dir}`,
  deliver: (file, signal) => async () => {
    const seen: { hostKey?: string } = {}
    try {
      return await connected(settings, seen, signal, (sftp) => put(sftp, settings, file))
    } catch (cause) {
      return E.left({ tag: 'NotDelivered', why: reasonOf(cause, settings, seen.hostKey) })
    }
  },
})

type Outcome = E.Either<PushFailure, Accepted>

const connected = async (
  settings: SftpReceiver,
  seen: { hostKey?: string },
  signal: AbortSignal,
  work: (sftp: SFTPWrapper) => Promise<Outcome>,
): Promise<Outcome> => {
  const { default: ssh2 } = await import('ssh2')
  const client = new ssh2.Client()
  const { connectTimeoutMs, timeoutMs, hostKeys, password, privateKey, privateKeyPassphrase } = settings
  // Whatever is under way is given up: the connection may hang for ever otherwise.
  const limit = AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs + timeoutMs)])
  const gone = failing(client, limit, timeoutMs + connectTimeoutMs)
  try {
    client.connect({
      ...{ host: settings.host, port: settings.port, username: settings.username, readyTimeout: connectTimeoutMs },
      ...(password === undefined ? {} : { password: password.read() }),
      ...(privateKey === undefined ? {} : { privateKey: privateKey.read() }),
      ...(privateKeyPassphrase === undefined ? {} : { passphrase: privateKeyPassphrase.read() }),
      hostVerifier: (key: Buffer) => hostKeys.includes((seen.hostKey = fingerprintOf(key))),
    })
    await Promise.race([once(client, 'ready'), gone.failed])
    const sftp = await Promise.race([promisify(client.sftp.bind(client))(), gone.failed])
    return await Promise.race([work(sftp), gone.failed])
  } finally {
    gone.forget()
    // Errors that a closing connection still reports are nobody's any more.
    client.on('error', () => undefined)
    client.end()
    client.destroy()
  }
}

/** Rejects when the connection fails or the limit is reached. */
const failing = (client: Client, limit: AbortSignal, limitMs: number) => {
  let reject: (cause: Error) => void = () => undefined
  const failed = new Promise<never>((_, no) => (reject = no))
  failed.catch(() => undefined)
  const onLimit = (): void => reject(new Error(`it took longer than ${limitMs} ms`))
  client.on('error', (cause) => reject(cause))
  client.on('close', () => reject(new Error('the connection was closed')))
  if (limit.aborted) onLimit()
  limit.addEventListener('abort', onLimit)
  return { failed, forget: () => limit.removeEventListener('abort', onLimit) }
}

/** As `ssh-keygen -l` prints it. */
export const fingerprintOf = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`

const put = async (sftp: SFTPWrapper, { dir, manifest }: SftpReceiver, file: PushedFile): Promise<Outcome> => {
  const written = await putWhole(sftp, posix.join(dir, file.name), file.bytes)
  if (E.isLeft(written) || !manifest) return written
  const beside = await putWhole(sftp, posix.join(dir, `${file.name}.manifest.json`), file.manifest)
  return E.isLeft(beside) ? beside : written
}

const putWhole = async (sftp: SFTPWrapper, path: string, bytes: Buffer): Promise<Outcome> => {
  const there = await readIfThere(sftp, path)
  if (there !== undefined)
    return there.equals(bytes)
      ? E.right({ status: 'there already' })
      : E.left({ tag: 'FileRefused', status: 'exists', why: `another file is at ${path}, and is not written over` })
  const part = `${path}.part`
  const call = callsOf(sftp)
  const handle = await call.open(part, 'w')
  for (let from = 0; from < bytes.length; from += IN_FLIGHT * CHUNK_BYTES) {
    const starts = Array.from({ length: IN_FLIGHT }, (_, n) => from + n * CHUNK_BYTES).filter((at) => at < bytes.length)
    // Each write is a round trip: one after the other, a far host would take minutes for a few megabytes.
    await Promise.all(starts.map((at) => call.write(handle, bytes, at, Math.min(CHUNK_BYTES, bytes.length - at), at)))
  }
  await call.close(handle)
  const { size } = await call.stat(part)
  if (size !== bytes.length) throw new Error(`it holds ${size} of ${bytes.length} bytes of ${part}`)
  // Fails where a file of the name has come meanwhile: the next attempt looks at it.
  await call.rename(part, path)
  return E.right({ status: 'renamed' })
}

/** What every server takes in one write. */
const CHUNK_BYTES = 32 * 1024
const IN_FLIGHT = 32

const readIfThere = async (sftp: SFTPWrapper, path: string): Promise<Buffer | undefined> => {
  try {
    return await promisify<string, Buffer>((of, done) => sftp.readFile(of, done as never))(path)
  } catch (cause) {
    if ((cause as Readonly<{ code?: unknown }>).code === NO_SUCH_FILE) return undefined
    throw cause
  }
}

const callsOf = (sftp: SFTPWrapper) => ({
  open: (path: string, mode: 'w') =>
    new Promise<Buffer>((resolve, reject) =>
      sftp.open(path, mode, (error, handle) =>
        error === undefined || error === null ? resolve(handle) : reject(error),
      ),
    ),
  write: (handle: Buffer, bytes: Buffer, offset: number, length: number, position: number) =>
    done((end) => sftp.write(handle, bytes, offset, length, position, end)),
  close: (handle: Buffer) => done((end) => sftp.close(handle, end)),
  rename: (from: string, to: string) => done((end) => sftp.rename(from, to, end)),
  stat: (path: string) =>
    new Promise<Readonly<{ size: number }>>((resolve, reject) =>
      sftp.stat(path, (error, stats) => (error === undefined || error === null ? resolve(stats) : reject(error))),
    ),
})

const done = (call: (end: (error?: Error | null) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => call((error) => (error === undefined || error === null ? resolve() : reject(error))))

const reasonOf = (cause: unknown, { hostKeys, dir }: SftpReceiver, hostKey: string | undefined): string => {
  const { message, level, code } = cause as Readonly<{ message?: string; level?: string; code?: unknown }>
  if (hostKey !== undefined && !hostKeys.includes(hostKey))
    return `the host shows the key ${hostKey}, which is not among push.hostKeys: nothing was sent. If the host was given a new key, and its owner says that it is this one, add it`
  if (level === 'client-authentication')
    return 'it does not let this user in: look at push.username, and push.privateKey or push.password'
  if (code === NO_SUCH_FILE) return `the folder ${dir} (push.dir) is not there`
  return message ?? String(cause)
}
