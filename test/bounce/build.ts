import { execFile } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')

/**
 * Compiles the command into `folder`, as it is installed, without checking types: a process that is killed every second
 * must not spend that second on compiling itself. Resolves with the program.
 */
export const buildCommand = async (folder: string): Promise<string> => {
  for (const name of ['node_modules', 'package.json', 'schemas'])
    await symlink(join(root, name), join(folder, name), name === 'package.json' ? 'file' : 'junction')
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const outDir = join(folder, 'dist')
  const quick = ['--noCheck', '--declaration', 'false', '--sourceMap', 'false']
  await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...quick, '--outDir', outDir], {
    cwd: root,
  })
  return join(outDir, 'src', 'cli', 'main.js')
}
