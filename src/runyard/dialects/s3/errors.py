"""Every refusal in S3's words: code -> (HTTP status, default text)."""

from __future__ import annotations

import errno

CODES = {
    "AccessDenied": (403, "Access Denied"),
    "BadDigest": (400, "The Content-MD5 or checksum you specified did not match what we received."),
    "BucketAlreadyExists": (409, "The requested bucket name is not available."),
    "BucketAlreadyOwnedByYou": (
        409,
        "Your previous request to create the named bucket succeeded and you already own it.",
    ),
    "BucketNotEmpty": (409, "The bucket you tried to delete is not empty"),
    "EntityTooSmall": (400, "Your proposed upload is smaller than the minimum allowed size"),
    "IncompleteBody": (
        400,
        "You did not provide the number of bytes specified by the Content-Length HTTP header.",
    ),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "InvalidAccessKeyId": (403, "The AWS Access Key Id you provided does not exist in our records."),
    "InvalidArgument": (400, "Invalid Argument"),
    "InvalidBucketName": (400, "The specified bucket is not valid."),
    "InvalidDigest": (400, "The Content-MD5 or checksum value that you specified is not valid."),
    "InvalidPart": (
        400,
        (
            "One or more of the specified parts could not be found. The part may not have been uploaded, "
            "or the specified entity tag may not match the part's entity tag."
        ),
    ),
    "InvalidPartNumber": (416, "The requested partnumber is not satisfiable"),
    "InvalidPartOrder": (
        400,
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
    ),
    "InvalidRange": (416, "The requested range is not satisfiable"),
    "InvalidRequest": (400, "Invalid Request"),
    "InvalidTag": (400, "The tag provided was not a valid tag."),
    "InvalidURI": (400, "Couldn't parse the specified URI."),
    # Not Amazon's: a folder and a file cannot have the same name, and here an object is a plain file.
    "KeyConflict": (409, "The key cannot be stored beside another one."),
    "KeyTooLongError": (400, "Your key is too long"),
    "MalformedXML": (
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
    ),
    "MetadataTooLarge": (400, "Your metadata headers exceed the maximum allowed metadata size"),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NoSuchUpload": (
        404,
        (
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
            "been aborted or completed."
        ),
    ),
    "NoSuchVersion": (404, "The specified version does not exist."),
    "NotImplemented": (501, "This operation is not implemented."),
    "NotModified": (304, "Not Modified"),
    "PreconditionFailed": (412, "At least one of the pre-conditions you specified did not hold"),
    "RequestTimeTooSkewed": (
        403,
        "The difference between the request time and the current time is too large.",
    ),
    "ServiceUnavailable": (503, "Service is unable to handle request."),
    "SignatureDoesNotMatch": (
        403,
        (
            "The request signature we calculated does not match the signature you provided. Check your "
            "key and signing method."
        ),
    ),
    # Not Amazon's, whose disks are never full. 507 and not 500, which clients would retry at once.
    "StorageFull": (507, "The disk is full; nothing was stored. Free some space and try again."),
    "XAmzContentSHA256Mismatch": (
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
}

# Why a signature was refused (the web layer's word) -> S3's word.
AUTHENTICATION = {
    "MissingAuthenticationToken": "AccessDenied",
    "IncompleteSignature": "InvalidRequest",
    "UnrecognizedClient": "InvalidAccessKeyId",
    "InvalidSignature": "SignatureDoesNotMatch",
    "UnsignedHeaders": "AccessDenied",
    "PayloadMismatch": "XAmzContentSHA256Mismatch",
    "SkewedClock": "RequestTimeTooSkewed",
    "ExpiredRequest": "AccessDenied",
    "LedgerUnavailable": "ServiceUnavailable",
}

SYSTEM = {
    errno.ENOSPC: "StorageFull",
    errno.EDQUOT: "StorageFull",
    errno.EACCES: "AccessDenied",
    errno.EPERM: "AccessDenied",
    errno.EROFS: "AccessDenied",
    errno.ENAMETOOLONG: "KeyTooLongError",
}


class S3Error(Exception):
    """A refusal; `code` is a key of CODES, `details` become elements of the error document."""

    def __init__(self, code: str, message: str | None = None, **details: str) -> None:
        self.code = code
        self.status, default = CODES[code]
        self.message = message or default
        self.details = details
        super().__init__(self.message)


class UnstorableError(S3Error):
    """A key that no file of the bucket can have: writing it is refused, reading it finds nothing."""


def from_system(error: OSError) -> S3Error:
    """Say what the operating system refused; what nobody foresaw stays an InternalError with its text."""
    code = SYSTEM.get(error.errno or 0, "InternalError")
    return S3Error(code, f"{CODES[code][1]} ({error.strerror})")
