import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import type { FileFormat } from './data-file.js'
import { addCommit, lastCommit, type BeforeStep, type Commit, type Writer } from './commits.js'
import { fileFailure } from './failures.js'
import { cutBack, fileFor, storedSchema, groupByFile, openFiles, withdraw, type Connected } from './file-set.js'
import { hasValue, type ProgressCheck, type Sink, type SinkBatch, type SinkFailure, type Written } from '../sink.js'
import { defaultTopics, type Topics } from '../topics.js'

export type FilesSinkOptions = Readonly<{
  /** Tells sinks of one process apart. Default `files`. */
  name?: string
  /** Holds a folder for each topic and the folder `commits`. Created if missing. */
  folder: string
  /** Whose rows the folder holds: it is refused if they are those of another tenant. */
  tenant: string
  topics?: Topics
  /** Default: both. */
  formats?: readonly FileFormat[]
  /** A file that has reached this length is closed, and a new one is created. Default 256 MiB. */
  fileBytesMax?: number
}>

/**
 * Rows as Avro object container files and as JSON lines, `<topic>/<generation>-<epoch>-<number>.{avro,jsonl}`; replayed
 * rows in files of their own, `<generation>-replay-…`.
 *
 * Disconnected → (connect: commit a claim, truncate files to their committed length) → connected → (a failure, or
 * close) → disconnected. A batch is appended to its files, made durable, and takes effect by one commit (commits.ts).
 * An instance that takes over from one that may still be alive creates new files, so that two instances never write
 * into the same file. Bytes beyond the committed length of a file have no effect.
 */
export const filesSink = (options: FilesSinkOptions, beforeStep: BeforeStep = () => {}): Sink => {
  const { folder, tenant, topics = defaultTopics, formats = ['avro', 'jsonl'], fileBytesMax = FILE_BYTES_MAX } = options
  let state: Connected | undefined
  /** The writer as which this sink connected last; it is kept while the sink is disconnected. */
  let claimed: string | undefined

  const disconnect = async (): Promise<void> => {
    const was = state
    state = undefined
    if (was === undefined) return
    livingWriters.delete(was.commit.writer.id)
    await Promise.allSettled([...was.files.values()].map((file) => file.close()))
  }

  /** `Fenced` if an instance that connected after this one has committed. */
  const takenOverBy = (last: Commit | undefined): SinkFailure | undefined =>
    claimed === undefined || last === undefined || last.writer.id === claimed
      ? undefined
      : { tag: 'Fenced', by: `process ${last.writer.pid} on ${last.writer.host}` }

  const connect = async (check: ProgressCheck | undefined): Promise<E.Either<SinkFailure, Commit>> => {
    await disconnect()
    // An instance that loses the race for the next number tries again. In each round one instance wins.
    for (let round = 1; round <= CLAIM_ROUNDS_MAX; round++) {
      const last = await lastCommit(folder)
      const fenced = takenOverBy(last)
      if (fenced !== undefined) return E.left(fenced)
      const ours = await checkCommit(last, tenant, check)
      if (E.isLeft(ours)) return E.left({ tag: 'Refused', reason: `${folder}: ${ours.left}` })
      const number = (last?.number ?? 0) + 1
      const writer = { id: randomUUID(), host: hostname(), pid: process.pid, epoch: number }
      // A file that another process may still write to is not opened.
      const open = last === undefined || mayLive(last.writer) ? {} : last.open
      const claim: Commit = { number, tenant, progress: last?.progress ?? null, writer, files: last?.files ?? {}, open }
      if (!(await addCommit(folder, claim, beforeStep))) continue
      livingWriters.add(writer.id)
      claimed = writer.id
      state = { commit: claim, files: new Map(), created: 0 }
      await cutBack(folder, claim, beforeStep)
      await openFiles(folder, state, beforeStep)
      return E.right(claim)
    }
    return E.left({
      tag: 'NotConnected',
      cause: new Error(`${folder}: others kept taking over while this instance connected`),
    })
  }

  const write = async (connected: Connected, batch: SinkBatch): Promise<E.Either<SinkFailure, Written>> => {
    const groups = groupByFile(batch.records.filter(hasValue), topics, formats)
    for (const { holds, schema } of groups.values()) {
      const written = storedSchema(holds, schema)
      if (E.isLeft(written)) return E.left({ tag: 'Refused', reason: written.left })
    }
    const appended = await Promise.allSettled(
      [...groups].map(async ([key, group]) => {
        const file = await fileFor(folder, fileBytesMax, connected, key, group, beforeStep)
        await file.append(group.records, beforeStep)
      }),
    )
    for (const outcome of appended) if (outcome.status === 'rejected') throw outcome.reason
    const last = connected.commit
    const open = Object.fromEntries([...connected.files].map(([key, { name }]) => [key, name]))
    const lengths = Object.fromEntries([...connected.files.values()].map((file) => [file.name, file.bytes()]))
    const commit = {
      ...last,
      number: last.number + 1,
      progress: batch.progress ?? last.progress,
      files: { ...last.files, ...lengths },
      open,
    }
    if (await addCommit(folder, commit, beforeStep)) {
      connected.commit = commit
      return E.right({ commit: commit.number })
    }
    const successor = await lastCommit(folder)
    if (successor === undefined) throw new Error(`${folder}: the commits were deleted while this process wrote`)
    await withdraw(folder, [...connected.files.values()], successor)
    return E.left({ tag: 'Fenced', by: `process ${successor.writer.pid} on ${successor.writer.host}` })
  }

  const attempt =
    <A>(work: () => Promise<E.Either<SinkFailure, A>>) =>
    async (): Promise<E.Either<SinkFailure, A>> => {
      try {
        const result = await work()
        if (E.isLeft(result) && result.left.tag !== 'Refused') await disconnect()
        return result
      } catch (cause) {
        await disconnect() // the length of the files is unknown now: connecting truncates them
        return E.left(fileFailure(cause, folder))
      }
    }

  return {
    name: options.name ?? 'files',
    connect: (_, check) =>
      attempt(async () => E.map((claim: Commit) => claim.progress ?? undefined)(await connect(check))),
    write: (batch) =>
      attempt(async () =>
        state === undefined ? E.left({ tag: 'NotConnected', cause: new Error('not connected') }) : write(state, batch),
      ),
    stillOwner: () => async () => {
      try {
        const fenced = takenOverBy(await lastCommit(folder))
        return fenced === undefined ? E.right(undefined) : E.left(fenced)
      } catch (cause) {
        return E.left(fileFailure(cause, folder))
      }
    },
    close: async () => {
      claimed = undefined
      await disconnect()
    },
  }
}

/** Whether this installation may go on from a commit. The commits of earlier versions do not name their tenant. */
const checkCommit = async (
  last: Commit | undefined,
  tenant: string,
  check: ProgressCheck | undefined,
): Promise<E.Either<string, void>> => {
  if (last?.tenant !== undefined && last.tenant !== tenant)
    return E.left(
      `the files are those of tenant ${last.tenant}, this is tenant ${tenant}: give each tenant a folder of its own ` +
        `(egress.files.dir)`,
    )
  return (await check?.(last?.progress ?? undefined)) ?? E.right(undefined)
}

const CLAIM_ROUNDS_MAX = 100
const FILE_BYTES_MAX = 256 * 1024 * 1024

/** Writers in this process, which cannot be told apart by their pid. */
const livingWriters = new Set<string>()

const mayLive = ({ id, host, pid }: Writer): boolean => {
  if (host !== hostname()) return true
  if (pid === process.pid) return livingWriters.has(id)
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
