import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { ran, repository } from '../support/deploy-tools.js'
import { describeSupplyChain } from '../support/supply-chain-tools.js'

const scratch = (): Promise<string> => mkdtemp(join(tmpdir(), 'streamvane-supply-chain-'))

describeSupplyChain('The tools of the supply chain', ({ actionlint, gitleaks, zizmor, renovateSchema }) => {
  const workflows = repository('.github/workflows')

  /** The workflow of CI with something in place of its last step. */
  const planted = async (step: string): Promise<string> => {
    const file = join(await scratch(), 'planted.yml')
    await writeFile(file, (await readFile(join(workflows, 'ci.yml'), 'utf8')).replace('- run: .ci/run', step))
    return file
  }

  test('actionlint has nothing against the workflows, and finds a planted context that does not exist', async () => {
    const files = ['ci.yml', 'codeql.yml', 'release.yml'].map((name) => join(workflows, name))
    const clean = await ran(actionlint, ['-shellcheck=', '-pyflakes=', ...files])
    expect(clean.code, clean.stdout).toBe(0)
    const bad = await ran(actionlint, ['-shellcheck=', '-pyflakes=', await planted('- run: echo ${{ githup.sha }}')])
    expect(bad.code).not.toBe(0)
    expect(bad.stdout).toContain('undefined variable "githup"')
  })

  test('zizmor has nothing against the workflows, and finds the title of a pull request in a script', async () => {
    const audit = (path: string) => ran(zizmor, ['--offline', '--no-progress', '--color=never', path])
    const clean = await audit(workflows)
    expect(clean.code, clean.stdout).toBe(0)
    const bad = await audit(await planted('- run: echo "${{ github.event.pull_request.title }}"'))
    expect(bad.code).not.toBe(0)
    expect(bad.stdout).toContain('template-injection')
  })

  test('gitleaks finds no secret in the repository, finds one that is planted in any folder, and shows none', async () => {
    const scan = (folder: string) =>
      ran(gitleaks, [...['dir', folder, '--no-banner', '--redact', '--verbose'], '-c', repository('.gitleaks.toml')])
    const files = await scratch()
    const copied = await ran('git', ['-C', repository('.'), 'checkout-index', '--all', `--prefix=${files}/`])
    expect(copied.code, copied.stderr).toBe(0)
    const clean = await scan(files)
    expect(clean.code, clean.stdout).toBe(0)
    // Made here, so that the test itself holds none: the form of a token of GitHub.
    const token = ['ghp', 'aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1cD3'].join('_')
    const planted = await scratch()
    // The last one is a file in which some findings are allowed.
    const places = ['src/planted.ts', 'deploy/helm/planted.yaml', 'test/ingress/wrapped.ts']
    for (const place of places) {
      await mkdir(dirname(join(planted, place)), { recursive: true })
      await writeFile(join(planted, place), `const token = '${token}'\n`)
    }
    const { code, stdout } = await scan(planted)
    expect(code).toBe(1)
    for (const place of places) expect(stdout).toContain(place)
    expect(stdout).not.toContain(token)
  })

  test('renovate.json is valid by the schema of Renovate, which refuses a value of another type', async () => {
    const ajv = new Ajv({ strict: false, validateFormats: false })
    const valid = ajv.compile(JSON.parse(await readFile(renovateSchema, 'utf8')) as object)
    const config = JSON.parse(await readFile(repository('renovate.json'), 'utf8')) as object
    expect(valid(config), JSON.stringify(valid.errors)).toBe(true)
    expect(valid({ ...config, prConcurrentLimit: 'five' })).toBe(false)
  })
})
