import { spawnSync } from 'node:child_process'
import { describe } from 'vitest'
import { without } from '../kafka.js'

const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0

/** A suite that needs the programs of Prometheus; where they are missing it is skipped and says so, or fails in CI. */
export const describePrometheus = (name: string, suite: () => void): void => {
  const missing = ['promtool', 'prometheus'].filter((program) => !isThere(program))
  if (missing.length === 0) describe(name, suite)
  else
    without(
      name,
      `${missing.join(' and ')} cannot be run: install the package prometheus`,
      process.env['STREAMVANE_REQUIRE_PROMETHEUS'] === '1',
    )
}
