import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { clouds, readRequirements, withTables } from '../../dev/write-deploy-docs.mjs'

const root = join(import.meta.dirname, '../..')
const requirements = readRequirements()
const folders = { azure: 'deploy/azure/terraform', aws: 'deploy/aws', gcp: 'deploy/gcp' }

/** The sources of a Terraform module as one text. */
const terraform = (cloud: (typeof clouds)[number]): string =>
  readdirSync(join(root, folders[cloud]))
    .filter((name) => name.endsWith('.tf'))
    .map((name) => readFileSync(join(root, folders[cloud], name), 'utf8'))
    .join('\n')
const bicep = readFileSync(join(root, 'deploy/azure/bicep/main.bicep'), 'utf8')

/** Type, name and text of each resource. */
const resourcesOf = (text: string) =>
  [...text.matchAll(/^resource "(\w+)" "(\w+)" \{\n([^]*?)\n\}/gm)].map(([, type = '', name = '', body = '']) => ({
    type,
    name,
    body,
  }))
const strings = (text: string) => [...text.matchAll(/"([^"$]+)"/g)].map(([, one = '']) => one)

/** Identity and role of every assignment in Azure's Terraform. */
const azureRoles = (text: string): readonly string[] =>
  resourcesOf(text)
    .filter(({ type }) => type === 'azurerm_role_assignment')
    .map(({ body }) => {
      const [, role = ''] = /role_definition_name = "([^"]+)"/.exec(body) ?? []
      const [, identity = 'deployer'] = /azurerm_user_assigned_identity\.(\w+)\.principal_id/.exec(body) ?? []
      return `${identity}: ${role}`
    })
    .sort()

/** Identity and role id of every assignment in Bicep. */
const bicepRoles = (text: string): readonly string[] => {
  const ids = new Map([...text.matchAll(/^ {2}(\w+): '([0-9a-f-]{36})'$/gm)].map(([, name, id]) => [name, id]))
  return [...text.matchAll(/^resource \w+ 'Microsoft\.Authorization\/roleAssignments@[^]*?\n\}/gm)]
    .map(([body]) => {
      const [, identity = ''] = /principalId: (\w+)\.properties/.exec(body) ?? []
      const [, role = ''] = /roleDefinitions', roles\.(\w+)\)/.exec(body) ?? []
      return `${identity.replace('Identity', '')}: ${ids.get(role)}`
    })
    .sort()
}

/** What every policy of AWS grants, by the address of its resource. */
const awsGrants = (text: string): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    resourcesOf(text)
      .filter(({ type }) => /^aws_iam_role_policy/.test(type))
      .map(({ type, name, body }) => {
        const actions = [...body.matchAll(/Action\s*=\s*(\[[^\]]*\]|"[^"]*")/g)].flatMap(([, list = '']) =>
          strings(list),
        )
        const attached = [...body.matchAll(/(?:toset\((\[[^\]]*\])|policy\/(?:service-role\/)?(\w+)")/g)].flatMap(
          ([, list, one]) => (list === undefined ? [one ?? ''] : strings(list)),
        )
        return [`${type}.${name}`, type === 'aws_iam_role_policy' ? actions : attached]
      }),
  )

/** The role that every grant of Google Cloud gives, by the address of its resource. */
const googleRoles = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    resourcesOf(text)
      .filter(({ type }) => type.endsWith('_iam_member'))
      .map(({ type, name, body }) => [`${type}.${name}`, /role\s*= "([^"]+)"/.exec(body)?.[1] ?? '']),
  )

describe('what is needed of a cloud is what its module makes', () => {
  test.each(clouds)('every type of resource in %s is needed, and every needed one is made', (cloud) => {
    const needed = requirements.resources.flatMap((one) => one[cloud]?.terraform ?? [])
    const made = new Set(resourcesOf(terraform(cloud)).map(({ type }) => type))
    expect([...made].sort()).toEqual([...needed].sort())
  })

  test('Bicep makes what Terraform makes', () => {
    const needed = requirements.resources.flatMap(({ azure }) => azure?.bicep ?? [])
    const made = new Set([...bicep.matchAll(/^resource \w+ '([^@']+)@[^']+' = /gm)].map(([, type = '']) => type))
    expect([...made].sort()).toEqual([...needed].sort())
  })

  test('every need is met in every cloud, or it is said what is done instead', () => {
    for (const one of requirements.resources)
      for (const cloud of clouds) expect(one[cloud]?.terraform.length || one[cloud]?.instead, one.need).toBeTruthy()
  })
})

describe('who may do what is what the table says', () => {
  const azure = requirements.roles['azure'] ?? []

  test('Terraform for Azure assigns these roles', () => {
    expect(azureRoles(terraform('azure'))).toEqual(azure.map(({ identity, role }) => `${identity}: ${role}`).sort())
  })

  test('Bicep assigns the same, by their ids', () => {
    const both = azure.filter(({ only }) => only !== 'terraform')
    expect(bicepRoles(bicep)).toEqual(both.map(({ identity, id }) => `${identity}: ${id}`).sort())
  })

  test('policies of AWS grant these actions', () => {
    const said = Object.fromEntries((requirements.roles['aws'] ?? []).map(({ grant, actions }) => [grant, actions]))
    expect(awsGrants(terraform('aws'))).toEqual(said)
  })

  test('grants of Google Cloud give these roles', () => {
    const said = Object.fromEntries((requirements.roles['gcp'] ?? []).map(({ grant, role }) => [grant, role]))
    expect(googleRoles(terraform('gcp'))).toEqual(said)
  })

  test('nobody has a role over everything, and no policy a wildcard for its actions', () => {
    const wide =
      /^(Owner|Contributor|User Access Administrator|roles\/(owner|editor|.*[aA]dmin))$|\*|AdministratorAccess/
    const rights = clouds.flatMap((cloud) =>
      (requirements.roles[cloud] ?? []).flatMap(({ role, actions }) => [
        ...(role === undefined ? [] : [role]),
        ...(actions ?? []),
      ]),
    )
    expect(rights.filter((right) => wide.test(right))).toEqual([])
    expect(['Owner', 's3:*', 'roles/owner', 'roles/storage.admin'].every((right) => wide.test(right))).toBe(true)
  })

  test('a role that is given beside the table is found, in each language', () => {
    const more = 'resource "azurerm_role_assignment" "more" {\n  role_definition_name = "Owner"\n}\n'
    expect(azureRoles(`${terraform('azure')}\n${more}`)).toContain('deployer: Owner')
    expect(
      bicepRoles(bicep.replace("roleDefinitions', roles.secretsUser", "roleDefinitions', roles.keyUser")),
    ).not.toEqual(bicepRoles(bicep))
    expect(
      awsGrants(terraform('aws').replace('"s3:GetObject"', '"s3:*"'))['aws_iam_role_policy.workload_objects'],
    ).toContain('s3:*')
    expect(Object.values(googleRoles(terraform('gcp').replace('roles/storage.objectUser', 'roles/owner')))).toContain(
      'roles/owner',
    )
  })
})

describe('docs/deploy', () => {
  test.each(clouds)(
    'the tables of %s.md are those of deploy/requirements.yaml (node dev/write-deploy-docs.mjs)',
    (cloud) => {
      const page = readFileSync(join(root, 'docs/deploy', `${cloud}.md`), 'utf8')
      expect(withTables(page, cloud, requirements)).toBe(page)
      for (const { why } of requirements.roles[cloud] ?? []) expect(page).toContain(why)
    },
  )
})
