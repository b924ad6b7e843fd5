// The development officer's key: imported once, kept by the browser, never readable again.

const STORE = "officer";
const P256 = { name: "ECDSA", namedCurve: "P-256" };
// SubjectPublicKeyInfo of an uncompressed P-256 key, up to the point itself (64 bytes follow).
const SPKI_HEAD = [
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
  0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
const COMMON_NAME = [0x06, 0x03, 0x55, 0x04, 0x03];

// {name, key, certificate (DER)} or null.
export async function officer() {
  return (await inStore("readonly", (store) => store.get(STORE))) ?? null;
}

export async function forget() {
  await inStore("readwrite", (store) => store.delete(STORE));
}

// Takes the text of both PEM files; refuses what cannot sign, and a certificate of another key.
export async function remember(keyPem, certificatePem) {
  if (!globalThis.crypto?.subtle) {
    throw new Error("This browser signs only on a secure address: use https, or http on this machine's own address.");
  }
  const certificate = derOf(certificatePem, "CERTIFICATE", "The certificate is not a PEM certificate.");
  const pkcs8 = derOf(keyPem, "PRIVATE KEY", "The key is not an unencrypted PKCS#8 PEM key.");
  let key;
  try {
    key = await crypto.subtle.importKey("pkcs8", pkcs8, P256, false, ["sign"]);
  } catch {
    throw new Error("The key is not a P-256 key.");
  }
  if (!(await belongTogether(key, certificate))) throw new Error("The certificate belongs to another key.");
  const name = nameOf(certificate);
  await inStore("readwrite", (store) => store.put({ name, key, certificate }, STORE));
  return name;
}

function derOf(pem, kind, complaint) {
  const body = pem.match(new RegExp(`-----BEGIN ${kind}-----([A-Za-z0-9+/=\\s]+)-----END ${kind}-----`));
  if (body === null) throw new Error(complaint);
  try {
    return Uint8Array.from(atob(body[1].replace(/\s/g, "")), (c) => c.charCodeAt(0));
  } catch {
    throw new Error(complaint);
  }
}

async function belongTogether(key, certificate) {
  const at = placeOf(SPKI_HEAD, certificate);
  if (at < 0) return false;
  const spki = certificate.slice(at, at + SPKI_HEAD.length + 64);
  const how = { name: "ECDSA", hash: "SHA-256" };
  const trial = crypto.getRandomValues(new Uint8Array(32));
  const signature = await crypto.subtle.sign(how, key, trial);
  const publicKey = await crypto.subtle.importKey("spki", spki, P256, false, ["verify"]);
  return crypto.subtle.verify(how, publicKey, signature, trial);
}

// The subject's common name: the last one before the public key, for the issuer's comes first.
function nameOf(certificate) {
  const head = certificate.slice(0, placeOf(SPKI_HEAD, certificate));
  let at = -1;
  for (let next = placeOf(COMMON_NAME, head); next >= 0; next = placeOf(COMMON_NAME, head, next + 1)) at = next;
  if (at < 0) return "an officer without a name";
  const start = at + COMMON_NAME.length + 2;
  return new TextDecoder().decode(head.slice(start, start + head[start - 1]));
}

function placeOf(needle, bytes, from = 0) {
  for (let at = from; at + needle.length <= bytes.length; at++) {
    if (needle.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

function inStore(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("sallyport", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(new Error("The browser keeps no data for this page: leave private mode."));
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => {
        database.close();
        resolve(request.result);
      };
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
    };
  });
}
