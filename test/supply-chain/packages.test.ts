import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { licenceProblems, productionPackages } from '../../dev/supply-chain/licences.mjs'
import { sbomOf, sbomOfImage, sbomProblems } from '../../dev/supply-chain/sbom.mjs'

const ROOT = new URL('../..', import.meta.url).pathname
const read = (path: string): unknown => JSON.parse(readFileSync(`${ROOT}${path}`, 'utf8'))
const lock = read('package-lock.json') as Parameters<typeof licenceProblems>[0]
const rules = read('dev/supply-chain/licences.json') as Parameters<typeof licenceProblems>[1]

describe('The licences of packages of production', () => {
  test('are all allowed', () => {
    expect(licenceProblems(lock, rules)).toEqual([])
    expect(productionPackages(lock).length).toBeGreaterThan(100)
  })

  test.each([
    ['GPL-3.0-only', ['planted@1.0.0: GPL-3.0-only is not allowed']],
    ['MIT AND GPL-2.0-only', ['planted@1.0.0: MIT AND GPL-2.0-only is not allowed']],
    ['(MIT OR GPL-2.0-only)', []],
    ['(BSD-3-Clause AND Apache-2.0)', []],
  ])('of a planted package under %s are judged by the expression', (license, problems) => {
    const planted = { packages: { 'node_modules/a/node_modules/planted': { version: '1.0.0', license } } }
    expect(licenceProblems(planted, { ...rules, packages: {} })).toEqual(problems)
  })

  test('are asked for where metadata names none, and for each version anew', () => {
    const planted = { packages: { 'node_modules/planted': { version: '1.0.1' } } }
    expect(licenceProblems(planted, { ...rules, packages: { 'planted@1.0.0': 'MIT' } })).toEqual([
      'planted@1.0.1: no licence in its metadata; state it in licences.json after reading its files',
      'planted@1.0.0: stated in licences.json, but not installed',
    ])
    expect(licenceProblems(planted, { ...rules, packages: { 'planted@1.0.1': 'MIT' } })).toEqual([])
  })

  test('do not matter for packages of development', () => {
    const planted = { packages: { 'node_modules/planted': { version: '1.0.0', license: 'GPL-3.0-only', dev: true } } }
    expect(licenceProblems(planted, { ...rules, packages: {} })).toEqual([])
  })
})

describe('The software bill of materials', () => {
  const sbom = sbomOf(ROOT)

  test('is CycloneDX, names the package, and lists exactly the packages of production of the lock', () => {
    expect(sbom.metadata.component).toMatchObject({
      name: 'streamvane',
      purl: expect.stringMatching(/^pkg:npm\/streamvane@/),
    })
    expect(sbomProblems(sbom, lock)).toEqual([])
  })

  test('is refused where a package is missing, or one is listed that is not locked', () => {
    const [first, ...others] = sbom.components
    expect(sbomProblems({ ...sbom, components: others }, lock)).toEqual([
      `${first?.purl}: in the lock, but not in the bill`,
    ])
    const planted = { 'bom-ref': 'planted@1.0.0', name: 'planted', version: '1.0.0', purl: 'pkg:npm/planted@1.0.0' }
    expect(sbomProblems({ ...sbom, components: [...sbom.components, planted] }, lock)).toEqual([
      'pkg:npm/planted@1.0.0: in the bill, but not in the lock',
    ])
  })
})

describe('The bill of materials of the image', () => {
  const sbom = sbomOfImage(ROOT)

  test('lists exactly the npm packages that lie in the image, and the image by its digest that it is built on', () => {
    const packages = readFileSync(`${ROOT}deploy/docker/packages.txt`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('node_modules/').at(-1)?.replace(' ', '@'))
    const [base] = sbom.components.slice(-1)
    const listed = sbom.components.slice(0, -1).map(({ purl }) => decodeURIComponent(purl.replace('pkg:npm/', '')))
    expect([...new Set(listed)].sort()).toEqual([...new Set(packages)].sort())
    expect(base).toMatchObject({ type: 'container', version: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string })
    expect(readFileSync(`${ROOT}Dockerfile`, 'utf8')).toContain(`RUNTIME_IMAGE=${base?.name}:`)
    expect(readFileSync(`${ROOT}Dockerfile`, 'utf8')).toContain(`@${base?.version}`)
  })

  test('is smaller than that of the package: what the image leaves out is not in it', () => {
    expect(sbom.components.map(({ name }) => name)).not.toContain('@electric-sql/pglite')
    expect(sbomOf(ROOT).components.map(({ name }) => name)).toContain('@electric-sql/pglite')
  })
})
