import { createInterface } from 'node:readline/promises'
import { UsageError } from './exit.js'

/** The operator did not confirm. Nothing was changed; the exit code is that of a command stopped before its end. */
export class NotConfirmed extends Error {
  override readonly name = 'NotConfirmed'
}

/** Where the question is asked; the process's own terminal by default. */
export type Asking = Readonly<{
  input: NodeJS.ReadableStream & Readonly<{ isTTY?: boolean }>
  output: NodeJS.WritableStream & Readonly<{ isTTY?: boolean }>
  /** The arguments of the command, for the line to write in a pipe. */
  args: readonly string[]
}>

/**
 * Says what will happen and asks whether to go on. With `yes` it asks nothing. Where nobody can be asked (stdin or
 * stderr is no terminal) it throws `UsageError` with the line that goes through; on any answer but yes, `NotConfirmed`.
 */
export const confirm = async (
  willHappen: readonly string[],
  yes: boolean | undefined,
  asking: Asking = { input: process.stdin, output: process.stderr, args: process.argv.slice(2) },
): Promise<void> => {
  if (yes === true) return
  const { input, output, args } = asking
  if (input.isTTY !== true || output.isTTY !== true)
    throw new UsageError(
      [...willHappen, `nothing was changed: this asks for confirmation. Write: ${lineWithYes(args)}`].join('\n'),
    )
  for (const line of willHappen) output.write(`${line}\n`)
  const question = createInterface({ input, output })
  try {
    const closed = new Promise<string>((resolve) => question.once('close', () => resolve('')))
    const answer = await Promise.race([question.question('Go on? [y/N] '), closed])
    if (!/^y(es)?$/i.test(answer.trim())) throw new NotConfirmed('nothing was changed')
  } finally {
    question.close()
  }
}

const lineWithYes = (args: readonly string[]): string => ['streamvane', ...args.map(quoted), '--yes'].join(' ')

/** As a shell reads it. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
