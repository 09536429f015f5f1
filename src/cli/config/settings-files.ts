import { readFileSync } from 'node:fs'
import { ConfigError } from '../../app/config/schema.js'
import { readSettings, type Setting, type Times } from '../../ingress/decode/configuration-objects.js'
import { UsageError } from '../command/exit.js'

/**
 * The settings in files as Genesys answers them; `-` is standard input. Reports the problems of all files at once. Throws
 * `ConfigError`, `UsageError`.
 */
export const settingsIn = (files: readonly string[], times: Times): readonly Setting[] => {
  const read = files.map((file) => ({ file, ...readSettings(jsonIn(file), times) }))
  const problems = read.flatMap(({ file, problems: own }) => own.map((problem) => `  ${file}: ${problem}`))
  if (problems.length > 0) throw new ConfigError(`nothing was stored:\n${problems.join('\n')}`)
  return read.flatMap(({ settings }) => settings)
}

const jsonIn = (file: string): unknown => {
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${(cause as Error).message}`)
  }
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    throw new ConfigError(`${file} is not valid JSON: ${(cause as Error).message}`)
  }
}
