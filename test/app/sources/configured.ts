import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import { loadConfig } from '../../../src/app/config/load.js'
import { ConfigError, type Config } from '../../../src/app/config/schema.js'

/** Loads a configuration file with this one source, with these variables. */
export const configured = (source: object, env: Readonly<Record<string, string>> = {}): Config => {
  const dir = mkdtempSync(join(tmpdir(), 'streamvane-source-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'streamvane.yaml')
  writeFileSync(file, stringify({ sources: [{ name: 'events', ...source }] }))
  return loadConfig({ file, env })
}

/** What is wrong with a source. */
export const faultOf = (source: object, env: Readonly<Record<string, string>> = {}): string => {
  try {
    configured(source, env)
  } catch (cause) {
    if (cause instanceof ConfigError) return cause.message
    throw cause
  }
  throw new Error('the configuration was accepted')
}
