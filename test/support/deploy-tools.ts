import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe } from 'vitest'
import { deployTools } from '../../dev/deploy-tools.mjs'
import { without } from './kafka.js'

export type DeployTools = NonNullable<Awaited<ReturnType<typeof deployTools>>>
type Outcome = Readonly<{ code: number; stdout: string; stderr: string }>

const tools = await deployTools()

/** The suite runs with the tools that check deploy/; where they are not in the cache, it is skipped and says so. */
export const describeDeploy = (name: string, suite: (tools: DeployTools) => void): void => {
  if (tools !== undefined) describe(name, () => suite(tools))
  else
    without(
      name,
      'node dev/deploy-tools.mjs gets Helm, hclfmt, checkov and kubernetes-validate',
      process.env['STREAMVANE_REQUIRE_DEPLOY_TOOLS'] === '1',
    )
}

/** A folder of the repository. */
export const repository = (...path: readonly string[]): string => join(import.meta.dirname, '../..', ...path)

/** Runs a program to its end. */
export const ran = (program: string, args: readonly string[], stdin = ''): Promise<Outcome> =>
  new Promise((resolve) => {
    const child = execFile(program, args, { maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr }),
    )
    child.stdin?.end(stdin)
  })
