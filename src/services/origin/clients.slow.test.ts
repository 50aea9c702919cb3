/** The unmodified AWS CLI and boto3 against the door, over HTTP and HTTPS. Each CLI call takes a second or two. */
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import test, { after, before, suite } from 'node:test';
import { promisify } from 'node:util';
import { writeCredentials } from './credentials-file.ts';
import { type Door, noOpenssl, openDoor, requestUrl, type Scheme } from './door.testing.ts';

const run = promisify(execFile);
const MEBIBYTE = 1024 * 1024;
const noAws = spawnSync('aws', ['--version']).status === 0 ? false : 'the AWS CLI is not installed';
const noBoto3 = spawnSync('python3', ['-c', 'import boto3']).status === 0 ? false : 'boto3 is not installed';

for (const scheme of ['http', 'https'] as const) {
  const noScheme = scheme === 'https' && noOpenssl;
  suite(`the AWS CLI over ${scheme}`, { skip: noScheme || noAws }, () => cliTests(scheme));
  suite(`boto3 over ${scheme}`, { skip: noScheme || noBoto3 }, () => boto3Tests(scheme));
}

function cliTests(scheme: Scheme): void {
  let door: Door;
  let film: Buffer;
  let filmFile: string;

  before(async () => {
    door = await openDoor(scheme);
    film = randomBytes(30_000_000);
    filmFile = join(door.folder, 'my movie.mp4');
    await writeFile(filmFile, film);
    await configure(door);
  });
  after(() => door[Symbol.asyncDispose]());

  const aws = async (...args: string[]) => {
    const options = { env: environment(door), maxBuffer: 4 * MEBIBYTE };
    return (await run('aws', ['--endpoint-url', door.url, ...args], options)).stdout;
  };

  test('a bucket is made, filled, read, copied, listed, emptied and removed', async () => {
    await aws('s3', 'mb', 's3://netflix-content-bucket');

    const small = join(door.folder, 'small.txt');
    await writeFile(small, 'a small file');
    await aws('s3', 'cp', small, 's3://netflix-content-bucket/');
    assert.equal(await aws('s3', 'cp', 's3://netflix-content-bucket/small.txt', '-'), 'a small file');

    await aws('s3', 'cp', filmFile, 's3://netflix-content-bucket/films/');
    const back = join(door.folder, 'back.mp4');
    await aws('s3', 'cp', 's3://netflix-content-bucket/films/my movie.mp4', back);
    assert.ok(film.equals(await readFile(back)));
    const { contentType, etag } = await door.objects.head('netflix-content-bucket', 'films/my movie.mp4');
    assert.equal(contentType, 'video/mp4');
    assert.match(etag, /-4"$/);

    await aws(
      's3',
      'cp',
      's3://netflix-content-bucket/films/my movie.mp4',
      's3://netflix-content-bucket/copy.mp4',
    );
    await aws('s3', 'cp', 's3://netflix-content-bucket/copy.mp4', back);
    assert.ok(film.equals(await readFile(back)));

    await pipeInto(door, film.subarray(0, 9_000_000), ['s3', 'cp', '-', 's3://netflix-content-bucket/stdin']);
    assert.equal((await door.objects.head('netflix-content-bucket', 'stdin')).size, 9_000_000);

    const listing = await aws('s3', 'ls', 's3://netflix-content-bucket/');
    assert.deepEqual(
      listing.split('\n').map((line) => line.trim().split(/\s+/).slice(-2).join(' ')),
      ['PRE films/', '30000000 copy.mp4', '12 small.txt', '9000000 stdin', ''],
    );
    assert.match(await aws('s3', 'ls'), /netflix-content-bucket/);

    const url = (
      await aws('s3', 'presign', 's3://netflix-content-bucket/small.txt', '--expires-in', '60')
    ).trim();
    assert.equal((await requestUrl(door, url)).text, 'a small file');

    await aws('s3', 'mv', 's3://netflix-content-bucket/small.txt', 's3://netflix-content-bucket/moved.txt');
    await aws('s3', 'rm', 's3://netflix-content-bucket/moved.txt');
    await assert.rejects(aws('s3', 'rb', 's3://netflix-content-bucket'), /BucketNotEmpty/);
    await aws('s3', 'rb', '--force', 's3://netflix-content-bucket');
    assert.equal(await door.objects.headBucket('netflix-content-bucket'), undefined);
  });

  test('a URL that the CLI presigns in version 2 is refused with the way to version 4', async () => {
    const env = { ...environment(door), AWS_CONFIG_FILE: join(door.folder, 'absent') };
    const { stdout } = await run('aws', ['--endpoint-url', door.url, 's3', 'presign', 's3://any/key'], {
      env,
    });
    const reply = await requestUrl(door, stdout.trim());
    assert.equal(reply.status, 403);
    assert.match(reply.text, /s3v4/);
  });
}

const BOTO3 = `
import boto3, io, os, sys
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
s3 = boto3.client('s3', endpoint_url=sys.argv[1])
def fails(code, call, **args):
    try:
        call(**args)
    except ClientError as error:
        assert error.response['Error']['Code'] == code, error.response
        return
    raise AssertionError('no ' + code)
s3.create_bucket(Bucket='snakes')
s3.put_object(Bucket='snakes', Key='a b/\\u00e9+%', Body=b'hiss', Metadata={'kind': 'adder'})
got = s3.get_object(Bucket='snakes', Key='a b/\\u00e9+%', ChecksumMode='ENABLED')
assert got['Body'].read() == b'hiss' and got['Metadata'] == {'kind': 'adder'}, got
fails('PreconditionFailed', s3.put_object, Bucket='snakes', Key='a b/\\u00e9+%', Body=b'x', IfNoneMatch='*')
fails('404', s3.head_object, Bucket='snakes', Key='none')
fails('NoSuchKey', s3.get_object, Bucket='snakes', Key='none')
missing = {
    'policy': 'NoSuchBucketPolicy', 'cors': 'NoSuchCORSConfiguration', 'website': 'NoSuchWebsiteConfiguration',
    'lifecycle_configuration': 'NoSuchLifecycleConfiguration', 'tagging': 'NoSuchTagSet',
    'replication': 'ReplicationConfigurationNotFoundError',
    'encryption': 'ServerSideEncryptionConfigurationNotFoundError',
    'ownership_controls': 'OwnershipControlsNotFoundError',
}
for name, code in missing.items():
    fails(code, getattr(s3, 'get_bucket_' + name), Bucket='snakes')
fails('ObjectLockConfigurationNotFoundError', s3.get_object_lock_configuration, Bucket='snakes')
fails('NoSuchPublicAccessBlockConfiguration', s3.get_public_access_block, Bucket='snakes')
fails('NoSuchBucket', s3.get_bucket_acl, Bucket='no-snakes')
for name in ['acl', 'versioning', 'accelerate_configuration', 'request_payment', 'logging', 'notification_configuration', 'location']:
    getattr(s3, 'get_bucket_' + name)(Bucket='snakes')
assert s3.get_bucket_request_payment(Bucket='snakes')['Payer'] == 'BucketOwner'
assert s3.get_object_acl(Bucket='snakes', Key='a b/\\u00e9+%')['Grants'][0]['Permission'] == 'FULL_CONTROL'
fails('NotImplemented', s3.put_bucket_versioning, Bucket='snakes', VersioningConfiguration={'Status': 'Enabled'})
big = os.urandom(12_000_001)
config = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
s3.upload_fileobj(io.BytesIO(big), 'snakes', 'big', Config=config)
down = io.BytesIO()
s3.download_fileobj('snakes', 'big', down, Config=config)
assert down.getvalue() == big
s3.copy({'Bucket': 'snakes', 'Key': 'big'}, 'snakes', 'copied', Config=config)
pages = s3.get_paginator('list_objects_v2').paginate(Bucket='snakes', PaginationConfig={'PageSize': 1})
keys = [item['Key'] for page in pages for item in page['Contents']]
assert keys == ['a b/\\u00e9+%', 'big', 'copied'], keys
pages = s3.get_paginator('list_objects').paginate(Bucket='snakes', PaginationConfig={'PageSize': 2})
assert [item['Key'] for page in pages for item in page['Contents']] == keys
done = s3.delete_objects(Bucket='snakes', Delete={'Objects': [{'Key': key} for key in keys]})
assert len(done['Deleted']) == 3 and 'Errors' not in done, done
s3.delete_bucket(Bucket='snakes')
print('all is well')
`;

function boto3Tests(scheme: Scheme): void {
  test('objects, transfers, paginators and errors are as boto3 expects', async () => {
    await using door = await openDoor(scheme);
    await configure(door);
    const { stdout } = await run('python3', ['-c', BOTO3, door.url], { env: environment(door) });
    assert.equal(stdout.trim(), 'all is well');
  });
}

/** The files and variables by which a person would point the clients at the door; nothing of the machine's own. */
async function configure(door: Door): Promise<void> {
  await writeCredentials(join(door.folder, 'credentials'), { default: { ...door.credentials } });
  await writeFile(
    join(door.folder, 'config'),
    '[default]\nregion = us-east-1\ns3 =\n  signature_version = s3v4\n',
  );
}

function environment(door: Door): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: door.folder,
    AWS_SHARED_CREDENTIALS_FILE: join(door.folder, 'credentials'),
    AWS_CONFIG_FILE: join(door.folder, 'config'),
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(process.env.PYENV_ROOT ? { PYENV_ROOT: process.env.PYENV_ROOT } : {}),
    ...(door.certificateFile ? { AWS_CA_BUNDLE: door.certificateFile } : {}),
  };
}

async function pipeInto(door: Door, bytes: Buffer, args: readonly string[]): Promise<void> {
  const child = spawn('aws', ['--endpoint-url', door.url, ...args], { env: environment(door) });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await pipeline(Readable.from([bytes]), child.stdin);
  assert.equal(await ended, 0);
}
