import { execFile } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../../..')

/**
 * Compiles the command into `folder`, as it is installed, without checking types: a process that compiles itself takes
 * three times as long to start. The console is that of the source tree. Resolves with the program.
 */
export const buildCommand = async (folder: string): Promise<string> => {
  const outDir = join(folder, 'dist')
  await mkdir(outDir)
  for (const name of ['node_modules', 'package.json', 'schemas'])
    await symlink(join(root, name), join(folder, name), name === 'package.json' ? 'file' : 'junction')
  await symlink(join(root, 'dist', 'console'), join(outDir, 'console'), 'junction')
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const quick = ['--noCheck', '--declaration', 'false', '--sourceMap', 'false']
  await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...quick, '--outDir', outDir], {
    cwd: root,
  })
  return join(outDir, 'src', 'cli', 'main.js')
}
