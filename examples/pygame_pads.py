"""Pads in pygame-ce, which drains events in each frame: python pygame_pads.py [FILE...]"""

import sys
from pathlib import Path

import pygame

import hotcue

KIT = sorted(Path(hotcue.__file__).with_name("kit").glob("*.[!j]*"))  # All but kit.json.
FILES = [Path(file) for file in sys.argv[1:]] or KIT
PADS = [pygame.Rect(10 + id % 4 * 160, 10 + id // 4 * 110, 150, 100) for id in range(len(FILES))]

pygame.display.init()  # Not all of pygame: its mixer would take the sound card.
pygame.font.init()
pygame.display.set_caption("hotcue")
screen = pygame.display.set_mode((650, PADS[-1].bottom + 10))
font, ticks = pygame.font.SysFont("dejavusans,arial", 14), pygame.time.Clock()
with hotcue.AudioEngine() as engine:
    tickets = engine.load_many_async(enumerate(FILES)).requests
    told = [file.name.encode(errors="replace").decode() for file in FILES]
    while not pygame.event.get(pygame.QUIT):
        for event in engine.drain_loader_events():
            if event["type"] == "success":
                told[event["id"]] += f"\n{event['duration_sec']:.2f} s"
            elif event["type"] == "error":
                told[event["id"]] += f"\n{event['error']}"
        for click in pygame.event.get(exclude=pygame.QUIT):
            if click.type == pygame.MOUSEBUTTONDOWN:
                for id in pygame.Rect(click.pos, (1, 1)).collidelistall(PADS):
                    engine.play_sample(id)
        playing = {head.id for head in engine.playheads()}
        screen.fill("#0d1014")
        for id, pad in enumerate(PADS):
            pygame.draw.rect(screen, "#2f6b3a" if id in playing else "#222933", pad, 0, 6)
            bar = pygame.Rect(pad.x + 10, pad.bottom - 14, tickets[id].progress * 1.3, 4)
            pygame.draw.rect(screen, "#5ec8ff", bar)
            screen.blit(font.render(told[id], True, "white", None, 130), pad.move(10, 10))
        pygame.display.flip()
        ticks.tick(60)
