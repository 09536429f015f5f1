import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { buildCommand } from './build.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The compiled program, in projects that start it often. */
    command?: string
  }
}

/** Each project loads this module for itself. */
const ofAllProjects = globalThis as { streamvaneCommand?: Promise<Readonly<{ folder: string; program: string }>> }

const built = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'streamvane-command-'))
  return { folder, program: await buildCommand(folder) }
}

/** Compiles the command, once for all projects of a run. */
const setup = async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  const { folder, program } = await (ofAllProjects.streamvaneCommand ??= built())
  provide('command', program)
  return () => rm(folder, { recursive: true, force: true, maxRetries: 3 })
}

export default setup
