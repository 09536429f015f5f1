import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { journaled, recordOperation, type Note, type Noted } from '../../app/operations/journal/journaled.js'
import type { Operation, OperationResult } from '../../app/operations/journal/operation.js'
import type { Context } from './context.js'
import { EXIT } from './exit.js'

/** Who does it and why; commands that change something have these options. */
export type OperatorFlags = Readonly<{ by?: string; why?: string }>

export const BY = [
  '--by <name>',
  'who does it, for the journal (default: $STREAMVANE_OPERATOR, else the user of the system)',
] as const
const WHY = ['--why <text>', 'the reason, for the journal (`streamvane audit log`)'] as const

/** Adds `--by` and `--why` to a command that changes something. */
export const withOperator = (command: Command): Command => command.option(...BY).option(...WHY)

/** Who does it: `--by`, else `STREAMVANE_OPERATOR`, else the user of the operating system. */
export const operatorOf = (
  { by, why }: OperatorFlags,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<{ by: string; why?: string }> => ({
  by: nonEmpty(by) ?? nonEmpty(env['STREAMVANE_OPERATOR']) ?? userOfSystem(),
  ...(nonEmpty(why) === undefined ? {} : { why: nonEmpty(why) as string }),
})

const nonEmpty = (text: string | undefined): string | undefined => {
  const trimmed = text?.trim()
  return trimmed === undefined || trimmed === '' ? undefined : trimmed
}

/** A user id without a name (in a container) is told as a number. */
const userOfSystem = (): string => {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

/**
 * Runs the work of a command that changes something and records it in the journal of the log. The exit code says how it
 * ended, unless the work says so itself with `note`. A dry run is not recorded: it changes nothing.
 */
export const recorded = (
  { config: { tenant }, logs, logger, signal }: Context,
  flags: OperatorFlags & Readonly<{ dryRun?: boolean }>,
  { operation, details }: Pick<Operation, 'operation' | 'details'>,
  work: (note: Note) => Promise<number>,
): Promise<number> =>
  flags.dryRun === true
    ? work(() => undefined)
    : journaled(
        logs,
        { tenant, operation, ...operatorOf(flags), via: 'cli', details },
        async (note) => {
          let noted: Noted = {}
          const code = await work((said) => note((noted = { ...noted, ...said })))
          note({ result: noted.result ?? resultOf(code, signal.aborted) })
          return code
        },
        {
          onUnrecordedEnd: (cause) =>
            logger.warn({ err: cause, operation }, 'the end of this operation could not be recorded in the journal'),
        },
      )

/**
 * Records the work of a command that changes nothing in the log (topics, schemas, a backup) once it is over. It does not
 * depend on the log, so it is done even if it cannot be recorded; that is told. Where there is no log, nothing is
 * recorded, and none is made.
 */
export const recordedAfter = async (
  { config, logs, logger, signal }: Context,
  flags: OperatorFlags & Readonly<{ dryRun?: boolean }>,
  { operation, details }: Pick<Operation, 'operation' | 'details'>,
  work: (note: Note) => Promise<number>,
): Promise<number> => {
  let noted: Noted = {}
  const record = async (result: OperationResult): Promise<void> => {
    if (flags.dryRun === true || (config.log.kind === 'embedded' && !existsSync(join(config.data, 'log')))) return
    const { tenant } = config
    await recordOperation(
      logs,
      { tenant, operation, ...operatorOf(flags), via: 'cli', details },
      { result, ...noted },
    ).catch((cause: unknown) =>
      logger.warn({ err: cause, operation }, 'this operation could not be recorded in the journal of the log'),
    )
  }
  let code: number
  try {
    code = await work((said) => (noted = { ...noted, ...said }))
  } catch (cause) {
    noted = { ...noted, summary: { error: cause instanceof Error ? cause.message : String(cause) } }
    await record('failed')
    throw cause
  }
  await record(resultOf(code, signal.aborted))
  return code
}

const resultOf = (code: number, isStopped: boolean): OperationResult => {
  if (isStopped) return 'stopped'
  if (code === EXIT.ok || code === EXIT.differences) return 'done'
  return code === EXIT.refused || code === EXIT.usage || code === EXIT.superseded ? 'refused' : 'failed'
}
