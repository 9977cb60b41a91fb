"""Takes what is sent to a datagram socket and writes each message as one line of JSON; the part of a service manager."""
import array, json, os, socket, sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print(json.dumps("bound"), flush=True)
while True:
    text, ancillary, _, _ = receiver.recvmsg(4096, 1024)
    # With BARRIER=1 comes a file descriptor, and the sender waits until it is closed.
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            for descriptor in array.array("i", data):
                os.close(descriptor)
    print(json.dumps(text.decode()), flush=True)
