import { styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

type Terminal = Readonly<{ isTTY?: boolean | undefined }>

/**
 * Whether output is styled: never with `--no-color` or a `NO_COLOR` that is not empty (no-color.org), always with a
 * `FORCE_COLOR` other than 0, else on a terminal.
 */
export const hasColor = (
  stream: Terminal,
  env: NodeJS.ProcessEnv = process.env,
  args: readonly string[] = process.argv,
): boolean => {
  const { NO_COLOR: no = '', FORCE_COLOR: force = '' } = env
  if (args.includes('--no-color') || no !== '') return false
  if (force !== '') return force !== '0'
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

/** The text with a style, for a stream that has colours. */
export const styled = (text: string, style: Style | undefined, color: boolean): string =>
  color && style !== undefined && text !== '' ? styleText(style, text, { validateStream: false }) : text
