import { hostname } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { sql } from 'kysely'
import type { Progress, ProgressCheck, Sink, SinkBatch, SinkFailure, Written } from '../sink.js'
import { openDatabase, type Database, type Session } from './database.js'
import { sqlFailure } from './failures.js'
import { placeOf, type SqlSinkOptions } from './options.js'
import { writeRecords } from './records.js'
import { bringUpToDate, hasTables, isUpToDate, StoreBehind } from './tables.js'

type Connected = Readonly<{ db: Database; epoch: string }>
type Claim = Readonly<{ epoch: string; progress: Progress | null }>
type Outcome<A> = Promise<E.Either<SinkFailure, A>>

/**
 * Rows in tables of a PostgreSQL database. A batch and its progress are one transaction, which first locks the row of
 * this sink and compares its epoch: an instance that was superseded writes nothing.
 *
 * Disconnected → (connect: check the progress, claim the next epoch) → connected → (a failure, or close) → disconnected.
 */
export const sqlSink = (options: SqlSinkOptions): Sink => {
  const { name, tenant, database, schema } = options
  const place = placeOf(database)
  const own = sql`${sql.id(schema, 'sinks')} WHERE tenant = ${tenant} AND name = ${name}`
  let state: Connected | undefined
  /** The epoch that this sink claimed last; it is kept while the sink is disconnected. */
  let claimed: string | undefined

  const disconnect = async (): Promise<void> => {
    const was = state
    state = undefined
    await was?.db.destroy().catch(() => undefined)
  }

  const ownRow = async (session: Session): Promise<(Claim & Readonly<{ owner: string }>) | undefined> => {
    const { rows } = await sql<Claim & Readonly<{ owner: string }>>`
      SELECT epoch::text AS epoch, owner, progress FROM ${own}`.execute(session)
    return rows[0]
  }
  const fencedBy = async (session: Session): Promise<SinkFailure> => ({
    tag: 'Fenced',
    by: (await ownRow(session))?.owner ?? 'the row of this sink was deleted',
  })

  /** Claims the next epoch, unless another instance has since this one was connected. */
  const claim = async (db: Database): Outcome<Claim> => {
    const expected = claimed ?? null
    const { rows } = await sql<Claim>`
      INSERT INTO ${sql.id(schema, 'sinks')} AS s (tenant, name, epoch, owner)
      VALUES (${tenant}, ${name}, 1, ${`process ${process.pid} on ${hostname()}`})
      ON CONFLICT (tenant, name) DO UPDATE SET epoch = s.epoch + 1, owner = excluded.owner
        WHERE ${expected}::bigint IS NULL OR s.epoch = ${expected}::bigint
      RETURNING epoch::text AS epoch, progress`.execute(db)
    return rows[0] === undefined ? E.left(await fencedBy(db)) : E.right(rows[0])
  }

  const checkedClaim = async (db: Database, check: ProgressCheck | undefined): Outcome<Claim> => {
    const refused = async (progress: Progress | null | undefined): Promise<SinkFailure | undefined> => {
      const verdict = await check?.(progress ?? undefined)
      return verdict !== undefined && E.isLeft(verdict)
        ? { tag: 'Refused', reason: `${place}: ${verdict.left}` }
        : undefined
    }
    // Who only looks at the progress makes no tables.
    const before = await refused((await hasTables(db, schema)) ? (await ownRow(db))?.progress : undefined)
    if (before !== undefined) return E.left(before)
    await prepareTables(db, options)
    const won = await claim(db)
    if (E.isLeft(won)) return won
    claimed = won.right.epoch
    const after = await refused(won.right.progress)
    return after === undefined ? won : E.left(after)
  }

  const connect = async (check: ProgressCheck | undefined): Outcome<Progress | undefined> => {
    await disconnect()
    const db = await openDatabase(database)
    let isOurs = false
    try {
      const won = await checkedClaim(db, check)
      if (E.isLeft(won)) return won
      state = { db, epoch: won.right.epoch }
      isOurs = true
      return E.right(won.right.progress ?? undefined)
    } finally {
      if (!isOurs) await db.destroy().catch(() => undefined)
    }
  }

  const write = ({ db, epoch }: Connected, { records, progress }: SinkBatch): Outcome<Written> =>
    db.transaction().execute(async (transaction): Outcome<Written> => {
      const { rows } = await sql<Pick<Claim, 'epoch'> & Readonly<{ number: string }>>`
        SELECT epoch::text AS epoch, txid_current()::text AS number FROM ${own} FOR UPDATE`.execute(transaction)
      const [held] = rows
      if (held?.epoch !== epoch) return E.left(await fencedBy(transaction))
      await writeRecords(transaction, schema, records)
      if (progress !== undefined)
        await sql`UPDATE ${sql.id(schema, 'sinks')} SET progress = ${JSON.stringify(progress)}::jsonb
          WHERE tenant = ${tenant} AND name = ${name}`.execute(transaction)
      return E.right({ commit: Number(held.number) })
    })

  const attempt =
    <A>(work: () => Outcome<A>): TaskEither<SinkFailure, A> =>
    async () => {
      const outcome = await work().catch((cause: unknown) => E.left(sqlFailure(cause, place)))
      if (E.isLeft(outcome) && outcome.left.tag !== 'Refused') await disconnect()
      return outcome
    }
  const connected = <A>(work: (state: Connected) => Outcome<A>): TaskEither<SinkFailure, A> =>
    attempt(async () =>
      state === undefined ? E.left({ tag: 'NotConnected', cause: new Error('not connected') }) : work(state),
    )

  return {
    name,
    connect: (_, check) => attempt(() => connect(check)),
    write: (batch) => connected((to) => write(to, batch)),
    stillOwner: () =>
      connected(async ({ db, epoch }) =>
        (await ownRow(db))?.epoch === epoch ? E.right(undefined) : E.left(await fencedBy(db)),
      ),
    close: async () => {
      claimed = undefined
      await disconnect()
    },
  }
}

const prepareTables = async (db: Database, { schema, migrate }: SqlSinkOptions): Promise<void> => {
  if (migrate) return bringUpToDate(db, schema)
  if (await isUpToDate(db, schema)) return
  throw new StoreBehind(
    `the tables in schema ${schema} are not those of this version; run \`streamvane store migrate\``,
  )
}
