"""``cat PATH``: prints a file of any drive."""

from kinode_nb.process_lib import KinodeError, Our, ScriptError, script, vfs

_USAGE = "\x1b[1mUsage:\x1b[0m cat <file_path>"


@script
async def init(our: Our, args: str) -> str:
    """Return the file's contents; bytes that are no text are replaced."""
    if not args:
        return f"Print the contents of a file to the terminal.\n{_USAGE}"
    try:
        data = await vfs.File(our, args).read()
    except KinodeError:
        raise ScriptError(f"failed to read file {args} from VFS.\n{_USAGE}") from None
    return data.decode(errors="replace")
